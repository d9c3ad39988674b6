import { expect, it } from 'vitest'
import { statusView } from '../../../src/adapters/slack/views/status.ts'
import type { Route } from '../../../src/domain/route.ts'
import { HOUR, NOW, REQUEST_ID, request, spec } from '../../fixtures/examples.ts'

const { source, destination } = spec()
const route = { source, destination, watch: { everyMs: HOUR } } as unknown as Route
const textOf = (message: ReturnType<typeof statusView>) =>
  JSON.stringify(message.blocks).replace(/<!date[^|]*\|([^>]*)>/g, '$1')

it('shows of each route how it stands, what ran last and what is open', () => {
  const found = {
    verdict: { kind: 'in-sync', byLabel: 0, extra: { users: 0, keys: 0 } },
    request: REQUEST_ID,
    at: NOW,
    since: NOW,
  } as const
  const watch = { route: 'a>b', nextAt: NOW, edition: 1, found }
  const shown = textOf(
    statusView(
      {
        statuses: [{ route, watch, last: request('partial'), open: request('pending') }],
        unreadable: { open: [], ended: [] },
      },
      {
        freeze: { by: 'U0ALICE', at: NOW, reason: 'an HSM fails' },
        now: NOW + 3 * HOUR,
      },
    ),
  )
  for (const words of ['is in sync with', 'That look is old', '`7Q2F` by <@U0ASKER>', 'last: ', 'an HSM fails'])
    expect(shown).toContain(words)
})

it('says of a route that is not watched that nobody compares it, not that it is in sync', () => {
  const { watch: _, ...unwatched } = route
  const shown = textOf(
    statusView(
      { statuses: [{ route: unwatched }], unreadable: { open: [], ended: [] } },
      { freeze: undefined, now: NOW },
    ),
  )
  expect(shown).toContain('is not watched: nobody compares it')
  expect(shown).not.toContain('in sync')
})

it('says of nothing that it was the last, or that there was none, where a request cannot be read', () => {
  const view = (last?: ReturnType<typeof request>) =>
    textOf(
      statusView(
        { statuses: [{ route, ...(last ? { last } : {}) }], unreadable: { open: [], ended: [REQUEST_ID] } },
        { freeze: undefined, now: NOW },
      ),
    )
  expect(view()).toContain('nothing that I can read has run lately')
  expect(view(request('partial'))).toContain('last that I can read: ')
  expect(view()).toContain('1 request that this version of me cannot read: `7Q2F`')
})
