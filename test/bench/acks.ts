import { channels, people } from '../simulator/worlds.ts'
import { below, type Figure, median } from './figures.ts'
import { onStage } from './stage-run.ts'

const COMMANDS = 50

/** Fifty commands at the same instant, half of them asking for a sync. */
export async function benchAcks(): Promise<readonly Figure[]> {
  return onStage(60_000, {}, async ({ simulator }) => {
    const sent = Array.from({ length: COMMANDS }, (_, at) =>
      at % 2 === 0
        ? simulator.slack.command(people.requester, channels.route, '/hsm-requests', 'open')
        : simulator.slack.command(people.requester, channels.route, '/hsm-sync', `prod-us prod-eu burst ${at}`),
    )
    const times = (await Promise.all(sent)).map(({ ackMs }) => ackMs)
    const name = `ack, ${COMMANDS} commands at once`
    return [
      below(1_000, { name: `${name}: slowest`, value: Math.max(...times), unit: 'ms' }),
      { name: `${name}: median`, value: median(times), unit: 'ms' },
    ]
  })
}
