/**
 * The first word of a reason that is a ticket, without the signs around it; `undefined` where none is. `pattern` is
 * checked when the settings are read.
 */
export function findTicket(pattern: string, reason: string): string | undefined {
  const whole = new RegExp(`^(?:${pattern})$`, 'u')
  return reason
    .split(/\s+/)
    .flatMap((word) => [word, word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')])
    .find((word) => word !== '' && whole.test(word))
}
