import type { Session } from './session.ts'

/**
 * The session as a person would have seen it, each command behind the prompt that waited for it. The login shows no
 * name and no password.
 */
export function transcriptOf(session: Session): string {
  const parts = [session.banner, ...session.answers.flatMap(({ command, text }) => [` ${command}\n`, text])]
  return `${parts.join('').trimEnd()}\n`
}
