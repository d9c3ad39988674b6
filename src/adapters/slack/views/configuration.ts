import { createTwoFilesPatch } from 'diff'
import type { Spec } from '../../../domain/spec.ts'
import { code } from '../text.ts'
import { type Block, pre, section } from './blocks.ts'

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
