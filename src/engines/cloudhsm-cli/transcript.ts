import type { Exchange } from './session.ts'

/**
 * The session as a person would have seen it: each command with its answer. A login shows its name and never a
 * password.
 */
export function transcriptOf(session: readonly Exchange[]): string {
  const parts = session.map(({ command, answer, stderr, status }) => {
    const ended = status === undefined || status === 0 ? '' : `\n(exit status ${status})`
    const beside = stderr === '' ? '' : `\n(on standard error) ${stderr}`
    return `cloudhsm-cli> ${command}\n${answer}${beside}${ended}\n`
  })
  return parts.join('\n')
}
