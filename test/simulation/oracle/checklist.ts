import type { Posted } from '../slack/channel.ts'
import type { Stage } from '../stage.ts'
import type { Deed } from '../world/hsms.ts'
import { deedsOf, told } from './operations.ts'
import type { RequestDoc } from './records.ts'

/** What each task does to the HSMs. */
const DOES: readonly (readonly [string, Deed['did']])[] = [
  ['List', 'login'],
  ['Copy users', 'user'],
  ['Copy one key', 'key'],
  ['Copy the other keys', 'key'],
]

/** Of a run that is over: nothing goes on, what did not begin has done nothing, what is done has logged in. */
export function judgeChecklist({ hsms }: Stage, request: RequestDoc, posted: Posted): readonly string[] {
  const tasks = (posted.message?.text ?? '').split('\n').flatMap((line) => {
    const [, sign, title] = /^(◻️|⏳|✔️|⚠️) \*(.+)\*$/u.exec(line) ?? []
    return sign === undefined || title === undefined ? [] : [{ sign, title }]
  })
  if (tasks.length === 0) return ['its checklist has no tasks']
  const deeds = deedsOf(hsms.deeds, request.id)
  const isDone = request.state === 'succeeded' && request.outcome?.stop === undefined
  const hasLoggedIn = deeds.some(({ did }) => did === 'login')
  return tasks.flatMap(({ sign, title }) => {
    const name = title.replace('Not begun: ', '')
    const does = DOES.find(([start]) => name.startsWith(start))?.[1]
    const deed = deeds.find(({ did }) => did === does)
    const isCopy = name.startsWith('Copy')
    return [
      ...(sign === '⏳' ? [`its checklist says that "${title}" goes on`] : []),
      ...(sign === '◻️' && !title.startsWith('Not begun') ? [`its checklist says that "${title}" is to come`] : []),
      ...(sign === '◻️' && isCopy && deed && title !== COPIED_LATER
        ? [`its checklist says "${title}", but ${told(deed)}`]
        : []),
      ...(isDone && (title.startsWith('Not begun') || (sign === '⚠️' && !name.startsWith('Copy one key')))
        ? [`it has succeeded, and its checklist says "${sign} ${title}"`]
        : []),
      ...(sign === '✔️' && does !== undefined && !hasLoggedIn
        ? [`its checklist says that "${title}" is done, but nothing logged in`]
        : []),
    ]
  })
}

/** The first key has gone, the others have not. */
const COPIED_LATER = 'Not begun: Copy the other keys'
