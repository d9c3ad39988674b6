import { GetCalendarStateCommand } from '@aws-sdk/client-ssm'
import type { Calendars } from '../../application/ports.ts'
import { refuse } from '../../domain/refusal.ts'
import type { Landscape } from '../../domain/route.ts'
import { refuseAws } from './aws-problem.ts'
import type { AwsClients } from './clients.ts'

const ANSWER_MS = 15_000

/** SSM Change Calendar: GetCalendarState. Open is only what AWS calls OPEN. */
export function changeCalendars(clients: AwsClients, access: Landscape['access'] = {}): Calendars {
  return {
    state: async (calendar, { region, instanceId }, signal) => {
      const place = /^arn:[^:]*:ssm:([^:]+):/.exec(calendar)?.[1] ?? region
      try {
        const answer = await clients
          .ssm(place, access[instanceId])
          .send(new GetCalendarStateCommand({ CalendarNames: [calendar] }), {
            abortSignal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
          })
        if (answer.State !== 'OPEN' && answer.State !== 'CLOSED') {
          const detail = `GetCalendarState answered the state ${answer.State ?? '(none)'}`
          return refuse({ code: 'aws', problem: 'failed', service: 'Systems Manager', region: place, detail })
        }
        const changesAt = Date.parse(answer.NextTransitionTime ?? '')
        return { isOpen: answer.State === 'OPEN', ...(Number.isNaN(changesAt) ? {} : { changesAt }) }
      } catch (error) {
        return refuseAws(error, 'Systems Manager', place)
      }
    },
  }
}
