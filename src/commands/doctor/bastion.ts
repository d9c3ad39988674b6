import { documentOf, presenceOf } from '../../application/look-at-bastion.ts'
import type { Deps, Presence } from '../../application/ports.ts'
import { isRefusal, type Refusal } from '../../domain/refusal.ts'
import type { Bastion, Route } from '../../domain/route.ts'
import type { EngineName } from '../../domain/spec.ts'
import { askCheck } from './ask-check.ts'
import { type Clusters, engineOf } from './aws.ts'
import { type Check, type Finding, OK, refused, unknown, type Verdict, wrong } from './finding.ts'
import { type Host, judgeFindings } from './on-bastion.ts'

type BastionDeps = Pick<Deps, 'bastions' | 'clock' | 'log' | 'landscape'> & { readonly clusters: Clusters }

const LIMIT_MS = 13_500
/** `interpolationType: ENV_VAR` of a document's parameters came with it. */
const DOCUMENT_AGENT = [3, 3, 2746, 0] as const

/** Systems Manager, the locked document, and then one command that has the bastion look at itself. */
export function bastionCheck(deps: BastionDeps, bastion: Bastion): Check {
  return {
    check: 'bastion',
    about: bastion.name,
    limitMs: LIMIT_MS,
    look: async (signal) => {
      const [presence, document] = await Promise.all([presenceOf(deps, bastion), documentOf(deps, bastion)])
      const { name } = bastion
      const known: Finding[] = [
        {
          check: 'bastion',
          about: `${name} (${bastion.instanceId})`,
          ...(isRefusal(presence) ? refused(presence) : OK),
        },
        ...(bastion.document === undefined
          ? []
          : [
              { check: 'ssm-agent', about: name, ...judgeAgent(presence) },
              {
                check: 'document',
                about: `${bastion.document} for ${name}`,
                ...(isRefusal(document) ? refused(document) : OK),
              },
            ]),
      ]
      const here = { check: 'on-bastion', about: name }
      if (isRefusal(presence)) return [...known, { ...here, ...unknown('not asked: it takes no commands') }]
      if (isRefusal(document)) return [...known, { ...here, ...unknown('not asked: its document is not right') }]
      const routes = deps.landscape.routes.filter((route) => route.bastion.name === name)
      const { hosts, unseen } = await hostsOf(routes, deps.clusters)
      const checked = await askCheck(deps, bastion, { document, hosts: hosts.map(({ ip }) => ip), signal })
      if (checked.kind !== 'findings') {
        const { problem } = checked
        const verdict =
          checked.kind === 'refused'
            ? wrong(`it refused to look: ${problem}`)
            : unknown(`it did not answer: ${problem}`)
        return [...known, { ...here, ...verdict }]
      }
      const engines = await enginesOf(routes, deps.clusters)
      const about = { bastion, engines, hosts, now: deps.clock.now() }
      const missed = unseen.map((alias) => ({
        check: 'hsm-ports',
        about: `${name} → ${alias}`,
        ...unknown('not looked at: AWS did not tell the addresses'),
      }))
      return [...known, ...judgeFindings(checked.findings, about), ...missed]
    },
  }
}

export function judgeAgent(presence: Presence | Refusal): Verdict {
  const agent = isRefusal(presence) ? undefined : presence.agent
  if (agent === undefined) return unknown('Systems Manager does not tell its version')
  const found = agent.split('.').map(Number)
  if (found.length < 4 || found.some(Number.isNaN)) return unknown(`its version cannot be read: ${agent.slice(0, 40)}`)
  const at = DOCUMENT_AGENT.findIndex((part, index) => part !== found[index])
  const isOld = at >= 0 && (found[at] ?? 0) < (DOCUMENT_AGENT[at] ?? 0)
  const needed = DOCUMENT_AGENT.join('.')
  return isOld ? wrong(`it is ${agent}; a locked document needs ${needed} or newer`, 'Update the SSM Agent there.') : OK
}

/** Every HSM with an address of the clusters that these routes join, and the clusters of which AWS did not tell. */
async function hostsOf(routes: readonly Route[], clusters: Clusters) {
  const sides = new Map(
    routes.flatMap(({ source, destination }) => [source, destination]).map((side) => [side.clusterId, side]),
  )
  const hosts: Host[] = []
  const unseen: string[] = []
  for (const side of sides.values()) {
    const cluster = await clusters(side)
    if (isRefusal(cluster)) unseen.push(side.alias)
    else hosts.push(...cluster.hsms.flatMap(({ eniIp }) => (eniIp ? [{ ip: eniIp, alias: side.alias }] : [])))
  }
  return { hosts, unseen }
}

/** The tools that these routes would use today; `undefined` among them: of one it is not known. */
async function enginesOf(routes: readonly Route[], clusters: Clusters): Promise<ReadonlySet<EngineName | undefined>> {
  const chosen = await Promise.all(routes.map((route) => engineOf(route, clusters)))
  return new Set(chosen.map((engine) => (isRefusal(engine) ? undefined : engine)))
}
