import { afterEach, beforeEach, expect, it } from 'vitest'
import { messageForms } from '../../../src/adapters/slack/outgoing/forms.ts'
import { type BoardDeps, showWatches } from '../../../src/adapters/slack/outgoing/watch-board.ts'
import { type Database, openDatabase } from '../../../src/adapters/store/open-database.ts'
import { requestStore } from '../../../src/adapters/store/request-store.ts'
import type { Store } from '../../../src/application/store.ts'
import { watchKey } from '../../../src/domain/watch.ts'
import { allEngines } from '../../../src/engines/index.ts'
import { HOUR, NOW, REQUEST_ID, request, spec } from '../../fixtures/examples.ts'
import { silent } from '../../integration/slack-place.ts'

// Where the standing message of a watch is written.

let database: Database
let store: Store
beforeEach(async () => {
  database = await openDatabase('sqlite::memory:')
  store = requestStore(database)
})
afterEach(() => store.close())

/** A watched route whose message goes to a Slack that remembers it. */
function board() {
  const { source, destination, bastion } = spec()
  const posted: string[] = []
  const updated: string[] = []
  const texts: string[] = []
  const left = new Set<string>()
  const show = (channel: string) => {
    const clock = { now: () => NOW, sleep: async () => undefined }
    const deps = {
      store,
      engines: allEngines(),
      clock,
      log: silent,
      holder: 'me',
      forms: messageForms(clock, () => undefined),
      landscape: { routes: [{ source, destination, bastion, channel, watch: { everyMs: HOUR } }] },
      workspace: {
        channel: async (id: string) => ({ id, botIsMember: !left.has(id), isExternal: false, isArchived: false }),
      },
      web: {
        post: async (where: string, message: object) => {
          texts.push(JSON.stringify(message))
          return `${posted.push(where)}.0`
        },
        update: async (where: string, ts: string) => void updated.push(`${where} ${ts}`),
      },
    } as unknown as BoardDeps
    return showWatches(deps, new AbortController().signal)
  }
  return { key: watchKey({ source, destination }), show, posted, updated, left, texts }
}

const found = {
  verdict: { kind: 'in-sync', byLabel: 0, extra: { users: 0, keys: 0 } },
  request: REQUEST_ID,
  at: NOW,
  since: NOW,
} as const

it('begins anew in the channel that the settings name now, and says in the old one that it is past', async () => {
  const { key, show, posted, updated } = board()
  await store.saveWatch({ route: key, nextAt: NOW + HOUR, edition: 1, found }, 0)
  for (const channel of ['C0OLD', 'C0OLD', 'C0NEW', 'C0NEW', 'C0NEW']) await show(channel)
  expect(posted).toEqual(['C0OLD', 'C0NEW'])
  expect(updated).toEqual(['C0OLD 1.0'])
})

it('expects nothing more of an old channel that it has left', async () => {
  const { key, show, posted, updated, left } = board()
  await store.saveWatch({ route: key, nextAt: NOW + HOUR, edition: 1, found }, 0)
  await show('C0OLD')
  left.add('C0OLD')
  for (let n = 0; n < 3; n++) await show('C0NEW')
  expect(posted).toEqual(['C0OLD', 'C0NEW'])
  expect(updated).toEqual([])
  expect((await store.watchMessages(key)).map(({ status }) => status)).toEqual(['posted', 'posted'])
})

it('shows a watch that waits for a person although what it found cannot be read any more', async () => {
  const { key, show, texts } = board()
  const facts = { at: NOW, type: 'requested', actor: 'bot', request: REQUEST_ID, facts: {} } as const
  await store.create(request('succeeded'), facts)
  await database.db.updateTable('requests').set({ shape: 99 }).execute()
  const behind = { ...found, verdict: { kind: 'behind', users: 1, keys: 0, others: 0 } } as const
  await store.saveWatch({ route: key, nextAt: NOW + HOUR, edition: 1, found: behind, paused: REQUEST_ID }, 0)
  await show('C0')
  expect(texts.join()).toContain('watch_again')
  expect(texts.join()).toContain('1 user behind')
})
