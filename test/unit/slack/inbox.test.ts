import { describe, expect, it, vi } from 'vitest'
import type { Delivery } from '../../../src/adapters/slack/incoming/deliveries.ts'
import { type Inbox, openInbox, type Work } from '../../../src/adapters/slack/incoming/inbox.ts'
import { createTasks } from '../../../src/adapters/slack/incoming/tasks.ts'
import type { Clock } from '../../../src/application/ports.ts'
import type { AcceptedDelivery, Store } from '../../../src/application/store.ts'
import { NOW } from '../../fixtures/examples.ts'

const MINUTE = 60_000
const command: Delivery = {
  kind: 'command',
  command: '/hsm-help',
  text: '',
  user: 'U0ASKER',
  channel: 'C0SYNCS',
  trigger: '1.2.3',
  respondTo: 'https://hooks.example/1',
}

interface Place {
  readonly inbox: Inbox
  readonly worked: Work[]
  readonly said: string[]
  readonly done: string[]
  readonly acknowledged: () => number
  receive(): Promise<void>
}

function opened(
  store: Partial<Pick<Store, 'acceptDelivery' | 'claimDelivery' | 'forgetDelivery'>>,
  work: () => Promise<void> = async () => undefined,
): Place {
  const clock: Clock = {
    now: () => NOW,
    // A time limit runs out; everything else waits to be called.
    sleep: (_, signal) =>
      new Promise((resolve) => {
        if (signal) signal.addEventListener('abort', () => resolve(), { once: true })
        else setTimeout(resolve, 20)
      }),
  }
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const worked: Work[] = []
  const said: string[] = []
  const done: string[] = []
  let acknowledged = 0
  const inbox = openInbox(
    {
      store: {
        acceptDelivery: async () => true,
        claimDelivery: async () => undefined,
        renewDelivery: async () => true,
        releaseDelivery: async () => undefined,
        finishDelivery: async (key: string) => void done.push(key),
        ...store,
      } as unknown as Store,
      clock,
      log,
      holder: 'me',
      tasks: createTasks(clock, () => undefined),
    },
    {
      work: async (_, how) => {
        worked.push(how)
        await work()
      },
      say: async (_, text) => void said.push(text),
    },
  )
  const receive = () => inbox.receive({ key: 'command:1', delivery: command }, async () => void acknowledged++)
  return { inbox, worked, said, done, acknowledged: () => acknowledged, receive }
}

/** What was left behind by a process that is gone, given out once. */
function leftBehind(changes: Partial<AcceptedDelivery> = {}): Pick<Store, 'claimDelivery'> {
  const left = [{ key: 'command:1', doc: JSON.stringify(command), at: NOW - MINUTE, tries: 2, ...changes }]
  return { claimDelivery: async () => left.pop() }
}

describe('a delivery', () => {
  it('is kept before it is acknowledged, then worked on, then done', async () => {
    const order: string[] = []
    const place = opened({ acceptDelivery: async () => Boolean(order.push('kept')) })
    await place.inbox.receive({ key: 'command:1', delivery: command }, async () => void order.push('acknowledged'))
    await vi.waitFor(() => expect(place.done).toEqual(['command:1']))
    expect(order).toEqual(['kept', 'acknowledged'])
    expect(place.worked).toEqual([{ key: 'command:1', receivedAt: NOW, isAgain: false }])
  })

  it('that came before is acknowledged, and that is all', async () => {
    const place = opened({ acceptDelivery: async () => false })
    await place.receive()
    expect(place.acknowledged()).toBe(1)
    await place.inbox.stop(0)
    expect([place.worked, place.said]).toEqual([[], []])
  })

  it('is acknowledged in time also where the database does not answer, and worked on once it does', async () => {
    let answer: (isFirst: boolean) => void = () => undefined
    let asked = 0
    const acceptDelivery = () => {
      asked++
      return asked === 1 ? new Promise<boolean>(() => undefined) : new Promise<boolean>((resolve) => (answer = resolve))
    }
    const place = opened({ acceptDelivery })
    const started = performance.now()
    await place.receive()
    expect(performance.now() - started).toBeLessThan(2_500)
    expect(place.acknowledged()).toBe(1)
    answer(true)
    await vi.waitFor(() => expect(place.worked).toHaveLength(1))
  })

  it('whose acknowledgement does not get through is not worked on: Slack says that it failed', async () => {
    const forgotten: string[] = []
    const place = opened({ forgetDelivery: async (key) => void forgotten.push(key) })
    const gone = async () => {
      throw new Error('the connection is down')
    }
    await expect(place.inbox.receive({ key: 'command:1', delivery: command }, gone)).rejects.toThrow('is down')
    await place.inbox.stop(0)
    expect(forgotten).toEqual(['command:1'])
    expect([place.worked, place.said]).toEqual([[], []])
  })

  it('that cannot be kept at all is answered so', async () => {
    const place = opened({
      acceptDelivery: async () => {
        throw new Error('disk full')
      },
    })
    await place.receive()
    await vi.waitFor(() => expect(place.said).toEqual([expect.stringContaining('Something in me broke')]))
    expect(place.worked).toEqual([])
  })

  it('whose work breaks is answered so, and not tried again', async () => {
    const place = opened({}, async () => {
      throw new Error('broken')
    })
    await place.receive()
    await vi.waitFor(() => expect(place.done).toEqual(['command:1']))
    expect(place.said).toEqual([expect.stringContaining('Something in me broke')])
  })
})

describe('what a process that is gone left behind', () => {
  it('is worked on, as something that may have been done already', async () => {
    const place = opened(leftBehind())
    await vi.waitFor(() => expect(place.done).toEqual(['command:1']))
    expect(place.worked).toEqual([{ key: 'command:1', receivedAt: NOW - MINUTE, isAgain: true }])
  })

  it.each([
    [
      'older than Slack takes answers',
      { at: NOW - 31 * MINUTE },
      'I do not know whether you had an answer. It is too long ago to just do it now',
    ],
    ['what no process got through, three times', { tries: 4 }, 'Something in me broke'],
  ])('is not done, and that is said: %s', async (_, changes, words) => {
    const place = opened(leftBehind(changes))
    await vi.waitFor(() => expect(place.done).toEqual(['command:1']))
    expect(place.worked).toEqual([])
    expect(place.said).toEqual([expect.stringContaining(words)])
  })

  it('is put away where another version wrote it', async () => {
    const place = opened(leftBehind({ doc: '{"kind":"telepathy"}' }))
    await vi.waitFor(() => expect(place.done).toEqual(['command:1']))
    expect([place.worked, place.said]).toEqual([[], []])
  })
})
