import { parseArgs } from 'node:util'

const OPTIONS = {
  example: { type: 'boolean', default: false },
  region: { type: 'string', multiple: true },
  source: { type: 'string' },
  destination: { type: 'string' },
  bastion: { type: 'string' },
  channel: { type: 'string' },
  approver: { type: 'string', multiple: true },
  'approver-group': { type: 'string', multiple: true },
  secret: { type: 'string' },
  parameter: { type: 'string' },
  required: { type: 'string' },
  out: { type: 'string' },
} as const

export type Flags = ReturnType<typeof parsed>

/** The flags as they were typed; or what is wrong with the words. */
export function readFlags(words: readonly string[]): Flags | { readonly problem: string } {
  try {
    const flags = parsed(words)
    return flags.secret !== undefined && flags.parameter !== undefined
      ? { problem: '--secret and --parameter: name one of them' }
      : flags
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

function parsed(words: readonly string[]) {
  return parseArgs({ args: [...words], options: OPTIONS }).values
}
