import type { Session } from './session.ts'
import type { Talker } from './tool.ts'

/** `talk` of cmu/tool.sh: whatever is unexpected ends the dialogue before the next command. */
export async function playCmu(session: Session, tool: Talker, dialogue: string): Promise<void> {
  const lines = dialogue.trimEnd().split('\n')
  let said = await tool.start()
  for (let at = 0; ; ) {
    session.keep(`${said.text}\x1e`)
    await session.hear(said)
    let command = ''
    while (session.stop === '' && command === '') {
      const line = lines[at++]
      if (line === undefined) return
      command = step(session, line)
    }
    if (session.stop !== '') return
    session.sent++
    said = await tool.say(command)
  }
}

/** One line of the dialogue: the command it sends, or nothing. */
function step(session: Session, line: string): string {
  const [word = ''] = line.split(' ')
  const rest = line.slice(word.length + 1)
  switch (word) {
    case 'send':
      return rest
    case 'mark':
      session.mark(rest)
      return ''
    case 'need':
      if (!matches(session.folder.transcript, rest)) {
        session.stop = 'need'
        session.detail = rest
      }
      return ''
    case 'login': {
      const [secret] = session.secrets
      return `loginHSM CO ${secret?.user} ${secret?.password}`
    }
    default:
      return ''
  }
}

const patterns = new Map<string, RegExp>()

/** Does a line printed so far match this extended regular expression? */
function matches(transcript: string, pattern: string): boolean {
  const known = patterns.get(pattern) ?? new RegExp(pattern.replaceAll('[[:space:]]', '\\s'), 'm')
  patterns.set(pattern, known)
  return transcript.split('\n').some((line) => known.test(line))
}
