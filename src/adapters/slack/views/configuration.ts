import { createTwoFilesPatch } from 'diff'
import { z } from 'zod'
import type { Spec } from '../../../domain/spec.ts'
import { type Block, pre, section } from './blocks.ts'
import { code, count } from './text.ts'

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

const SHOWN_ADDRESSES = 6

/** What the configuration of the run is, in one line. */
export function changeText(spec: Spec): string {
  const { source, destination } = spec
  const below = addresses(destination.hsms.map(({ ip }) => ip))
  if (spec.commands) {
    const from = addresses((source.hsms ?? [source.hsm]).map(({ ip }) => ip))
    return `*Configuration, for this run only:* ${code(source.alias)} (${from}) and ${code(destination.alias)} (${below}), and no other cluster.`
  }
  const before = serversIn(spec.baseConfig)
  const after = serversIn(spec.mergedConfig)
  const [first] = before
  const head =
    first === source.hsm.ip
      ? `${source.hsm.ip} stays server 0`
      : `${source.hsm.ip} is server 0${first === undefined ? '' : ` instead of ${first}`}`
  const rest = before.slice(1).filter((address) => !after.includes(address))
  const gone = rest.length === 0 ? '' : `; ${addresses(rest)} ${rest.length === 1 ? 'is' : 'are'} left out`
  const added = destination.hsms.length === 1 ? 'is' : 'are'
  return `*Configuration, for this run only:* ${before.length} → ${count(after.length, 'server')}: ${head}; ${below} ${added} added below${gone}.`
}

function addresses(all: readonly string[]): string {
  const shown = all.slice(0, SHOWN_ADDRESSES)
  const more = all.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

const Servers = z.object({ servers: z.array(z.object({ hostname: z.string() })) })

/** The addresses in a CMU configuration, in order. It was checked when it was merged. */
function serversIn(config: string): readonly string[] {
  try {
    return Servers.parse(JSON.parse(config)).servers.map(({ hostname }) => hostname)
  } catch {
    return [] // a stored request of an older form
  }
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
