import { cardsIn, isCard, textOf } from '../slack/cards.ts'
import type { Stage } from '../stage.ts'
import { judgeChecklist } from './checklist.ts'
import { deedsOf, told } from './operations.ts'
import { FACES, type RequestDoc } from './records.ts'

const FINISHED: ReadonlySet<string> = new Set(['succeeded', 'partial', 'failed', 'unknown'])

/**
 * Slack shows the stored state, each message once, and its sentences are true. Only for requests that are painted
 * whole.
 */
export function judgeSlack(stage: Stage, requests: readonly RequestDoc[]): string[] {
  const { refused, hasty } = stage.channel
  // Who starts anew, or paints instead of another, does not know when that was.
  const isOne = !stage.isPair && !stage.weather.faults.has('crash')
  const general = [
    ...refused.map((problem) => `Slack would refuse a message: ${problem}`),
    ...(isOne ? hasty : []).map((message) => `${message} was updated twice in a second`),
  ]
  const shown = requests.flatMap((request) => {
    if (request.isWatch || request.reason.startsWith('last-')) return []
    return judgeShown(stage, request).map((problem) => `request ${request.id} in Slack: ${problem}`)
  })
  return [...general, ...shown]
}

function judgeShown(stage: Stage, request: RequestDoc): string[] {
  const { channel, hsms } = stage
  const violations: string[] = []
  const cards = channel.posted.filter(
    (posted) => isCard(posted) && posted.mark?.request === request.id && !posted.isDeleted,
  )
  const [card, second] = cards
  if (!card) return ['no card']
  if (second) violations.push('two cards')
  const face = FACES[request.state] ?? '?'
  if (!card.message?.text.includes(face))
    violations.push(`its card says "${card.message?.text}", it is ${request.state}`)
  const buttons = cardsIn(channel).find(({ ts }) => ts === card.ts)?.buttons ?? []
  if (buttons.includes('approve') !== (request.state === 'pending'))
    violations.push(`it is ${request.state}, and the card has the buttons ${buttons.join(' ')}`)
  const thread = channel.posted.filter(({ threadTs, isDeleted }) => threadTs === card.ts && !isDeleted)
  const names = thread.map(({ mark, file }) => mark?.slot ?? `file ${file?.name}`)
  for (const name of new Set(names))
    if (names.filter((other) => other === name).length > 1) violations.push(`${name} stands twice`)
  const result = thread.find(({ mark }) => mark?.slot === 'result')
  if (FINISHED.has(request.state) !== (result !== undefined))
    violations.push(result ? 'a result, but it is not finished' : 'no result')
  const checklist = thread.find(({ mark }) => mark?.slot === 'checklist')
  if (FINISHED.has(request.state))
    violations.push(...(checklist ? judgeChecklist(stage, request, checklist) : ['it has run, and has no checklist']))
  if (names.includes('unreadable')) violations.push('its thread says that it cannot be read, and it can')
  if (result && !result.message?.text.includes(face))
    violations.push(`its result says "${result.message?.text}", it is ${request.state}`)

  const deeds = deedsOf(hsms.deeds, request.id)
  const write = deeds.find(({ did }) => did === 'user' || did === 'key')
  const deed = write ?? deeds.find(({ did }) => did === 'login')
  const words = [card, ...thread].map(({ message, mark }) => ({ slot: mark?.slot ?? '', text: textOf(message) }))
  for (const { slot, text } of words) {
    if (write && /Nothing was changed|nothing changed\./.test(text))
      violations.push(`${slot} says that nothing was changed, but ${told(write)}`)
    // "Nothing has run" on a card that waits is about what it waits for.
    if (deed && /Nothing has run\b/.test(text)) violations.push(`${slot} says that nothing has run, but ${told(deed)}`)
    if (write && /Never ran on the bastion/.test(text) && isAlone(request))
      violations.push(`${slot} says that it never ran, but ${told(write)}`)
  }
  return violations
}

function isAlone({ outcome }: RequestDoc): boolean {
  return outcome?.stop?.code === 'not-executed'
}
