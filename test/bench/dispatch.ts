import { type Stage, until } from '../harness/stage.ts'
import { largeWorld, people } from '../simulator/worlds.ts'
import { databaseBytes } from './database-size.ts'
import { below, type Figure, median } from './figures.ts'
import { onStage } from './stage-run.ts'

/** Each of these users lacks on the destination with two keys of theirs: a small, whole sync. */
const ASKS = [
  'users=crypto_user1 keys=7,262150',
  'users=crypto_user2 keys=8,262151',
  'users=crypto_user3 keys=262146,262152',
  'users=crypto_user6 keys=262149,262155',
  'users=all keys=none mode=plan',
]

/** From the last approval to SSM, and what the store grows by with each finished request. */
export async function benchDispatch(): Promise<readonly Figure[]> {
  return onStage(180_000, { world: largeWorld(6, 12), required: 1 }, async (stage) => {
    const size = () => databaseBytes(stage)
    const before = size()
    const checks: number[] = []
    const steps: number[] = []
    const ends: string[] = []
    for (const ask of ASKS) {
      const { check, step, end } = await once(stage, ask)
      checks.push(check)
      steps.push(step)
      ends.push(end)
    }
    const count = `median of ${ASKS.length}`
    const wrong = ends.filter((end) => !end.includes('Succeeded'))
    if (wrong.length > 0) throw new Error(`a request ended otherwise: ${wrong.join('; ')}`)
    return [
      below(500, { name: `approval to first SendCommand (${count})`, value: median(checks), unit: 'ms' }),
      { name: `approval to the first step's SendCommand (${count})`, value: median(steps), unit: 'ms' },
      below(300, {
        name: 'SQLite grows per finished request',
        value: (size() - before) / 1024 / ASKS.length,
        unit: 'KB',
      }),
    ]
  })
}

/**
 * Milliseconds from the click that approves: to the first command (the base config is read again), and to the first
 * step's.
 */
async function once(stage: Stage, ask: string): Promise<{ check: number; step: number; end: string }> {
  const card = await stage.ask(`prod-us prod-eu ${ask} a small one`)
  const clicked = Date.now()
  await stage.approve(card, people.approver)
  const sent = (what: RegExp) =>
    until(
      () =>
        stage.simulator.aws.calls.find(
          ({ operation, at, input }) =>
            operation === 'SendCommand' && at >= clicked && what.test(String(input.Comment ?? '')),
        )?.at,
      'a command',
    )
  const check = (await sent(/./)) - clicked
  const step = (await sent(/ inspect$/)) - clicked
  const end = await stage.finished(card)
  return { check, step, end: end.text }
}
