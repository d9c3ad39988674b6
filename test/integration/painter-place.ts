import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { identityOf } from '../../src/adapters/slack/api/identity.ts'
import { slackWeb } from '../../src/adapters/slack/api/web.ts'
import { slackWorkspace } from '../../src/adapters/slack/api/workspace.ts'
import { messageForms } from '../../src/adapters/slack/outgoing/forms.ts'
import { startPainter } from '../../src/adapters/slack/outgoing/painter.ts'
import { openDatabase } from '../../src/adapters/store/open-database.ts'
import { requestStore } from '../../src/adapters/store/request-store.ts'
import type { Clock } from '../../src/application/ports.ts'
import type { Store } from '../../src/application/store.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type Pending, type RequestEvent, transition } from '../../src/domain/request.ts'
import { allEngines } from '../../src/engines/index.ts'
import { warnOnce } from '../../src/log.ts'
import { auditOf, pending } from '../contract/sample-request.ts'
import { until } from '../harness/stage.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels } from '../simulator/worlds.ts'
import { type SlackPlace, silent } from './slack-place.ts'

export interface Painting {
  readonly store: Store
  readonly request: Pending
  /** Stores the request; the painter finds it by itself. */
  ask(changes?: Partial<Pending>): Promise<void>
  /** The next state, stored, and the painter woken as the bot does. */
  happen(event: RequestEvent): Promise<void>
  /** Waits until there is nothing to paint for now: all is shown, or put off. */
  idle(): Promise<void>
  /** Lets this much time pass for the painter. */
  later(ms: number): void
  /** Waits until everything stored is shown, letting time pass as needed. */
  settled(): Promise<void>
  cards(): MessageRecord[]
  /** What the operator reads in the log. */
  told(): readonly string[]
  /** The texts below the only card. */
  thread(): string[]
}

const HOUR = 3_600_000

/** The painter at work on a store of its own, with a clock that is moved by hand. */
export function painting(at: () => SlackPlace): () => Painting {
  let place: Painting
  let stop: () => Promise<void>
  beforeEach(async () => {
    let offset = 0
    const folder = await mkdtemp(join(tmpdir(), 'hsm-sync-painter-'))
    const clock: Clock = {
      now: () => Date.now() + offset,
      sleep: async (ms, signal) => {
        const due = clock.now() + ms
        while (clock.now() < due && !signal?.aborted) await new Promise((resolve) => setTimeout(resolve, 5))
      },
    }
    const store = requestStore(await openDatabase(`sqlite:${join(folder, 'bot.sqlite')}`))
    const { client } = at()
    const told: string[] = []
    const log = { ...silent, warn: (_: object, sentence: string) => void told.push(sentence) }
    const whoAmI = identityOf(client)
    const web = slackWeb(client, whoAmI)
    const workspace = slackWorkspace(client, whoAmI, [])
    const forms = messageForms(clock, (code) => void told.push(`the newest blocks are not taken: ${code}`))
    const deps = {
      store,
      engines: allEngines(),
      holder: 'me',
      clock,
      log,
      web,
      forms,
      workspace,
      warnOnce: warnOnce(log),
    }
    const painter = startPainter(deps, async () => undefined)
    stop = async () => {
      await painter.stop()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    }
    const now = Date.now()
    const request = pending(1, { requestedAt: now, expiresAt: now + 8 * HOUR })
    const cards = () => at().simulator.slack.messages(channels.route)
    const isBehind = async () => (await store.unpainted(Number.MAX_SAFE_INTEGER, 1)).length > 0
    place = {
      store,
      request,
      ask: async (changes = {}) => {
        await store.create({ ...request, ...changes }, auditOf('asked'))
        painter.wake(request.id)
      },
      happen: async (event) => {
        const changed = await store.change(
          request.id,
          (before) => transition(before, event, Date.now()),
          () => auditOf(event.type),
        )
        if (isRefusal(changed)) throw new Error(JSON.stringify(changed))
        painter.wake(request.id)
      },
      idle: async () => {
        while ((await store.unpainted(clock.now(), 1)).length > 0) await new Promise((done) => setTimeout(done, 10))
      },
      later: (ms) => {
        offset += ms
      },
      settled: async () => {
        let tries = 0
        while (await isBehind()) {
          if (++tries > 300) throw new Error('the picture is never complete')
          offset += 5_000
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      },
      cards,
      told: () => told,
      thread: () => {
        const [card, ...others] = cards()
        if (!card || others.length > 0) throw new Error(`${cards().length} cards instead of one`)
        return at()
          .simulator.slack.thread(channels.route, card.ts)
          .map((reply) => reply.files[0]?.name ?? reply.text)
      },
    }
  })
  afterEach(() => stop())
  return () => place
}

/** The same text nowhere twice. */
export function duplicates(texts: readonly string[]): string[] {
  return texts.filter((text, index) => texts.indexOf(text) < index)
}

export { until }
