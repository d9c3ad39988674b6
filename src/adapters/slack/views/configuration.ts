import { createTwoFilesPatch } from 'diff'
import type { Spec } from '../../../domain/spec.ts'
import { code, columns, plain } from '../text.ts'
import { type Block, pre, section } from './blocks.ts'

/** Which HSMs stand behind which number or cluster: the direction of everything that follows. */
export function hsmText(spec: Spec): string {
  const { source, destination } = spec
  if (spec.reach === 'cluster') {
    const rows = [
      ...(source.hsms ?? [source.hsm]).map((hsm) => ['source', source.alias, hsm.hsmId, hsm.ip]),
      ...destination.hsms.map((hsm) => ['destination', destination.alias, hsm.hsmId, hsm.ip]),
    ]
    return columns([['role', 'cluster', 'HSM', 'ENI IP'], ...rows])
  }
  const rows = [
    ['server', 'role', 'HSM', 'ENI IP'],
    ['0', 'source', source.hsm.hsmId, source.hsm.ip],
    ...destination.hsms.map((hsm, index) => [`${index + 1}`, 'destination', hsm.hsmId, hsm.ip]),
    ...destination.leftOut.map((hsm) => ['-', 'left out', hsm.hsmId, hsm.state]),
  ]
  return columns(rows)
}

/** What the tool will be configured with: the difference to the base config, or the commands that make it. */
export function configurationBlocks(spec: Spec, limit: number): Block[] {
  if (!spec.commands)
    return [
      section('*Base config → merged config*'),
      pre(configDifference(spec, 'base config', 'merged config'), limit),
    ]
  return [
    section(
      `*Configuration* for both clusters, made on the bastion by exactly these commands, where only this run sees it. ${code(spec.bastion.configPath)} itself stays as it is. Each step makes it anew, and does nothing unless it names exactly these clusters and ENI IPs.`,
    ),
    pre(spec.commands.join('\n'), limit),
  ]
}

/** The engine and why it is this one. */
export function engineText(spec: Spec): string {
  const { engine, engineBy, toolVersion, source, destination, bastion } = spec
  const tool = `${code(engine)}${toolVersion ? ` ${toolVersion}` : ''} on ${code(bastion.name)} (${code(bastion.instanceId)}, ${bastion.region})`
  if (!engineBy || !source.hsmType || !destination.hsmType) return tool
  const types =
    source.hsmType === destination.hsmType
      ? `every HSM of both clusters is ${plain(source.hsmType, 40)}`
      : `the HSMs are ${plain(source.hsmType, 40)} and ${plain(destination.hsmType, 40)}`
  return engineBy === 'route' ? `${tool}, by the route's setting (${types})` : `${tool}, because ${types}`
}

/** The configuration as a file: the commands in front where there are some. */
export function configurationFile(spec: Spec): string {
  const made = spec.commands?.map((command) => `# ${command}\n`).join('') ?? ''
  return `${made}${spec.mergedConfig}`
}

/** A unified difference without its two file lines' noise. */
function configDifference(spec: Spec, from: string, to: string): string {
  const patch = createTwoFilesPatch(from, to, spec.baseConfig, spec.mergedConfig, '', '', { context: 8 })
  const lines = patch.split('\n').filter((line) => !line.startsWith('====') && !line.startsWith('\\ No newline'))
  return lines.join('\n').trim()
}
