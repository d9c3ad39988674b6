import { atOnce, type Slices } from '../slices.ts'

/** One command as it was given, and what came back. */
export interface Exchange {
  readonly command: string
  readonly answer: string
  /** What it said beside the answer (on standard error), where the command had a process of its own. */
  readonly stderr: string
  /** Exit status, where the command had a process of its own. */
  readonly status: number | undefined
  /** Who was logged in to the command's cluster; `undefined`: nobody, or several clusters. */
  readonly user: string | undefined
  /** Was the answer whole? The last one is not when the step was killed. */
  readonly isWhole: boolean
}

const UNIT = '\x1f'
const RECORD = '\x1e'
// The prompt that waits for the next command belongs to no answer.
const PROMPT = /(?:^|\n)[ \t]*(?:aws-cloudhsm|[A-Za-z0-9_-]{1,64}@[^"{\n>]{1,200}) ?>[ \t]*$/

/** The transcript of a step as the bastion script wrote it (see `note` and `record` in tool.sh). Total on any text. */
export function parseSession(transcript: string): readonly Exchange[] {
  return atOnce(sessionIn(transcript))
}

export function* sessionIn(transcript: string): Slices<readonly Exchange[]> {
  const records = transcript.split(RECORD)
  const loggedIn = new Map<string, string>()
  const session: Exchange[] = []
  for (const [position, record] of records.entries()) {
    if (position > 0 && position % 20 === 0) yield
    const [command = '', answer = '', status = '', stderr = ''] = record.split(UNIT)
    if (command === '') continue
    const cluster = /--cluster-id (\S+)/.exec(command)?.[1] ?? ''
    const login = /^login --username (\S+)/.exec(command)?.[1]
    if (login !== undefined) loggedIn.set(cluster, login.toLowerCase())
    if (command.startsWith('logout ')) loggedIn.delete(cluster)
    session.push({
      command,
      answer: answer.replace(PROMPT, '').trim(),
      stderr: stderr.trim(),
      status: /^\d{1,3}$/.test(status) ? Number(status) : undefined,
      user: loggedIn.get(cluster),
      isWhole: position < records.length - 1,
    })
  }
  return session
}

/** The answer to a command; `undefined` if it was never given. */
export function exchangeOf(session: readonly Exchange[], command: string): Exchange | undefined {
  return session.findLast((exchange) => exchange.command === command)
}

/** All pages of a listing, as somebody saw it. */
export function pagesOf(session: readonly Exchange[], command: string, user?: string): readonly Exchange[] {
  const isPage = (given: string) => given === command || given.startsWith(`${command} --starting-token `)
  return session.filter((exchange) => isPage(exchange.command) && (user === undefined || exchange.user === user))
}
