import type { File } from './config-schema.ts'

/** What no field says by itself: names that lead nowhere or mislead, and rules that could never be met. */
export function brokenRules(file: File): string[] {
  return [
    ...duplicates(file),
    ...misleading(file),
    ...unreachable(file),
    ...nobody(file),
    ...roleless(file),
    ...foreign(file),
  ]
}

/** Case does not matter: it is typed on phones. */
export function byAlias({ clusters }: Pick<File, 'clusters'>, name: string): File['clusters'][number] | undefined {
  return clusters.find(({ alias }) => alias.toLowerCase() === name.toLowerCase())
}

function duplicates(file: File): string[] {
  const lists: readonly [string, readonly string[]][] = [
    ['clusters', file.clusters.map(({ alias: name }) => name.toLowerCase())],
    ['clusters', file.clusters.map(({ clusterId }) => clusterId.toLowerCase())],
    ['bastions', file.bastions.map(({ name }) => name.toLowerCase())],
    ...file.bastions.map(({ cryptoUsers }, at): [string, string[]] => [
      `bastions[${at}].cryptoUsers`,
      cryptoUsers.map(({ user }) => user),
    ]),
    ['routes', file.routes.map(({ source, destination }) => `${source} → ${destination}`.toLowerCase())],
  ]
  return lists.flatMap(([list, names]) =>
    names.flatMap((name, at) => (names.indexOf(name) < at ? [`${list}[${at}]: ${name} stands there twice`] : [])),
  )
}

/** An alias that is another cluster's id: whoever types the id would get the other one. */
function misleading({ clusters }: File): string[] {
  return clusters.flatMap(({ alias: name }, at) => {
    const other = clusters.findIndex(({ clusterId }) => clusterId.toLowerCase() === name.toLowerCase())
    return other < 0 || other === at ? [] : [`clusters[${at}].alias: ${name} is the id of clusters[${other}]`]
  })
}

function unreachable(file: File): string[] {
  return file.routes.flatMap((route, at) => {
    const { users, userGroups } = route.approval.approvers
    const here = `routes[${at}]`
    const problems: string[] = []
    for (const side of ['source', 'destination'] as const) {
      if (!byAlias(file, route[side])) problems.push(`${here}.${side}: no cluster has the alias ${route[side]}`)
    }
    if (route.source.toLowerCase() === route.destination.toLowerCase())
      problems.push(`${here}: source and destination are the same cluster`)
    if (!file.bastions.some(({ name }) => name === route.bastion))
      problems.push(`${here}.bastion: no bastion has the name ${route.bastion}`)
    const { requesters } = route
    if (requesters && requesters.users.length + requesters.userGroups.length === 0)
      problems.push(`${here}.requesters: nobody may ask; name users or userGroups, or leave it out for any full member`)
    const people = new Set(users).size
    if (people === 0 && userGroups.length === 0)
      problems.push(`${here}.approval.approvers: nobody may approve; name users or userGroups`)
    else if (userGroups.length === 0 && route.approval.required > people) {
      problems.push(
        `${here}.approval.required: ${route.approval.required} approvals are required, but only ${people} can approve`,
      )
    }
    return problems
  })
}

function nobody({ operators }: File): string[] {
  if (!operators || operators.users.length + operators.userGroups.length > 0) return []
  return ['operators: nobody may; name users or userGroups, or leave it out']
}

/** An external id goes with a role, and a role has one at the most. */
function roleless(file: File): string[] {
  const all = [...file.clusters, ...file.bastions]
  const torn = all.find(
    (one) =>
      one.roleArn !== undefined &&
      all.some(({ roleArn, externalId }) => roleArn === one.roleArn && externalId !== one.externalId),
  )
  if (torn) return [`externalId: ${torn.roleArn} stands with several; a role has one`]
  return (['clusters', 'bastions'] as const).flatMap((list) =>
    file[list].flatMap(({ roleArn, externalId }, at) =>
      externalId !== undefined && roleArn === undefined ? [`${list}[${at}].externalId: needs a roleArn`] : [],
    ),
  )
}

/** A path of the other platform, which that bastion does not have; and a tool that it does not run. */
function foreign({ bastions, routes }: File): string[] {
  const paths = bastions.flatMap(({ platform, cmu, cli, stateDir, workDir }, at) => {
    const named = { 'cmu.binary': cmu.binary, 'cmu.config': cmu.config, stateDir, workDir }
    const all = { ...named, 'cli.binary': cli.binary, 'cli.configure': cli.configure, 'cli.config': cli.config }
    const example = platform === 'linux' ? '/opt/cloudhsm' : String.raw`C:\ProgramData`
    return Object.entries(all).flatMap(([field, path]) =>
      path === undefined || path.startsWith('/') === (platform === 'linux')
        ? []
        : [`bastions[${at}].${field}: expected a path of ${platform}, such as ${example}`],
    )
  })
  const tools = routes.flatMap(({ bastion, engine }, at) => {
    const isWindows = bastions.some(({ name, platform }) => name === bastion && platform === 'windows')
    return engine === 'cloudhsm-cli' && isWindows
      ? [`routes[${at}].engine: cloudhsm-cli needs a Linux bastion; ${bastion} is windows`]
      : []
  })
  return [...paths, ...tools]
}
