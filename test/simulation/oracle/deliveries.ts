import type { Crowd } from '../crowd.ts'
import type { Stage } from '../stage.ts'
import { requestsOf } from './records.ts'

/**
 * What was acknowledged is answered, whatever crashes; an ask files one request at the most; and nothing is written
 * where another company reads.
 */
export function judgeDeliveries(stage: Stage, crowd: Crowd): string[] {
  const { channel, weather } = stage
  const isDue = ({ acknowledgedAt }: { readonly acknowledgedAt?: number }) =>
    acknowledgedAt !== undefined && acknowledgedAt < weather.clearFrom
  const unanswered = [
    ...crowd.asked.filter((asked) => isDue(asked) && !asked.answer && !asked.told).map(({ reason }) => reason),
    ...crowd.clicked
      .filter((click) => isDue(click) && !click.answer && !click.told)
      .map(({ by, verdict, request }) => `${verdict} of ${request} by ${by}`),
  ]
  const keys = requestsOf(stage).flatMap(({ askedIn }) => askedIn ?? [])
  const twice = keys.filter((key, at) => keys.indexOf(key) < at)
  const overheard = crowd.clicked.filter(
    ({ verdict, from, to, answer }) =>
      verdict === 'approve' &&
      answer &&
      'state' in answer &&
      weather.spells.some((spell) => spell.kind === 'shared' && spell.from <= from && to < spell.to),
  )
  return [
    ...overheard.map(({ by, request }) => `${by} approved ${request} while another company read in the channel`),
    ...unanswered.map((what) => `acknowledged, and never answered: ${what}`),
    ...twice.map((key) => `one ask filed two requests: ${key}`),
    ...(channel.overheard.length > 0 ? [`while another company read in the channel: ${channel.overheard[0]}`] : []),
  ]
}
