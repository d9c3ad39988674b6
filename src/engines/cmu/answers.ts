import type { Attempt } from '../../domain/step.ts'
import { oneLine } from '../one-line.ts'

export interface InfoRow {
  readonly server: number
  readonly connected: boolean
  readonly partition: string
}

/** The numbers of the servers whose traffic is encrypted, by CMU's start text. */
export function parseEncrypted(banner: string): ReadonlySet<number> {
  return new Set([...banner.matchAll(/E2E enabled on server (\d+)\(/g)].map(([, number]) => Number(number)))
}

/** The addresses CMU says it is connected to. */
export function parseConnected(banner: string): ReadonlySet<string> {
  return new Set([...banner.matchAll(/Connected to server '([^']+)'/g)].flatMap(([, address]) => address ?? []))
}

/** The row of an `info server N` answer; Partition is the HSM id. */
export function parseInfo(text: string): InfoRow | undefined {
  const row = /^(?:.*>)?\s*(\d+)\s+\S+\s+\S+\s+\d+\s+(\S+)\s+(\S+)/m.exec(text)
  if (!row) return undefined
  return { server: Number(row[1]), connected: row[2] === 'Connected', partition: row[3] ?? '' }
}

/** Does CMU ask something? No question is ever answered. */
export function asksQuestion(text: string): boolean {
  return /\((?:R\/I\/A|R\/B\/I|[Yy]\/[Nn])\)/.test(text)
}

/**
 * What CMU said to one `syncUser` or `syncKey`. Success needs the exact line and no sign of failure; no failure text of
 * AWS is public, so everything else that says something is a failure, and silence is unclear.
 */
export function judge(
  command: 'syncUser' | 'syncKey',
  text: string,
): { verdict: Attempt<unknown>['verdict']; said: string } {
  const failure =
    /HSM Error|failed|unable|already|denied|Invalid|MaskedObject:\s*0x0*[1-9a-fA-F]/i.test(text) || asksQuestion(text)
  const success = new RegExp(`^(?:.*>)?\\s*${command} success\\s*(?:on server \\d+\\(.*\\))?\\s*$`, 'm').test(text)
  const said = words(text)
  if (success && !failure) return { verdict: 'success', said }
  return { verdict: said === '' || success ? 'unclear' : 'failure', said }
}

/** The words of an answer on one line, without prompts. */
export function words(text: string): string {
  return oneLine(text.replace(/(?:aws-cloudhsm|cloudmgmt|server ?\d*) ?>/g, ' '))
}
