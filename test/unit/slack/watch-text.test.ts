import { describe, expect, it } from 'vitest'
import { explain } from '../../../src/adapters/slack/views/explain.ts'
import { isOld, stateLine, watchView } from '../../../src/adapters/slack/views/watch-text.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import type { Scope } from '../../../src/domain/scope.ts'
import { type Verdict, WATCHER, type Watch } from '../../../src/domain/watch.ts'
import { HOUR, NOW, REQUEST_ID, spec } from '../../fixtures/examples.ts'

const { source, destination } = spec()
const route = { source, destination, watch: { everyMs: 24 * HOUR } }
const missing: Scope = { users: { kind: 'listed', items: ['jdoe'] }, keys: { kind: 'listed', items: [7, 8] } }
const seen = (verdict: Verdict, changes: Partial<Watch> = {}): Watch => ({
  route: 'a>b',
  nextAt: NOW,
  edition: 1,
  found: { verdict, request: REQUEST_ID, at: NOW, since: NOW - HOUR },
  lastKnown: { verdict, at: NOW },
  ...changes,
})
const NOTHING = { users: 0, keys: 0 }
const BEHIND: Verdict = { kind: 'behind', users: 1, keys: 12, others: 0 }
const lineOf = (watch: Partial<Watch>) => stateLine(route, watch).replace(/<!date[^|]*\|([^>]*)>/g, '$1')
const buttons = (watch: Watch, more: object = {}) =>
  JSON.stringify(
    watchView({ route: { ...route, ...more }, watch, missing, now: NOW }).blocks.filter(
      ({ type }) => type === 'actions',
    ),
  )

describe('the line of a watched route', () => {
  it.each<[string, Partial<Watch>, string]>([
    ['nothing yet', {}, '⏳ No look of the watch has compared `prod-eu` with `prod-us` yet.'],
    [
      'behind',
      seen(BEHIND),
      '🟠 `prod-eu` is 12 keys and 1 user behind `prod-us`, looked at 2027-01-15 08:00:00 UTC; they differ at every look since 2027-01-15 07:00:00 UTC.',
    ],
    [
      'in sync',
      seen({ kind: 'in-sync', byLabel: 0, extra: NOTHING }),
      '✅ `prod-eu` is in sync with `prod-us`, looked at 2027-01-15 08:00:00 UTC.',
    ],
    [
      'in sync, as far as labels tell',
      seen({ kind: 'in-sync', byLabel: 3, extra: NOTHING }),
      "✅ `prod-eu` is in sync with `prod-us`, looked at 2027-01-15 08:00:00 UTC. 3 keys could be compared by reference and label only: an administrator's listing shows no more.",
    ],
    [
      'more than the source has',
      seen({ kind: 'in-sync', byLabel: 0, extra: { users: 1, keys: 3 } }),
      '✅ `prod-eu` has all that `prod-us` has, looked at 2027-01-15 08:00:00 UTC. It also has 3 keys and 1 user that `prod-us` lacks: no sync is for those.',
    ],
    [
      'conflicts only',
      seen({ kind: 'behind', users: 0, keys: 0, others: 2 }),
      '🟠 `prod-eu` has 2 differences of another kind to `prod-us`, and nothing missing that a sync would copy, looked at 2027-01-15 08:00:00 UTC; they differ at every look since 2027-01-15 07:00:00 UTC.',
    ],
    [
      'blind',
      seen(
        { kind: 'unknown', why: { kind: 'changed', changed: ['the route'] } },
        { lastKnown: { verdict: BEHIND, at: NOW - 5 * HOUR } },
      ),
      '❔ Could not look whether `prod-eu` is in sync with `prod-us` since 2027-01-15 07:00:00 UTC: it was called off before it began: the route had changed. Looked at last 2027-01-15 03:00:00 UTC: it was 12 keys and 1 user behind the source.',
    ],
  ])('%s', (_, watch, line) => expect(lineOf(watch)).toBe(line))
})

describe('the buttons of its message', () => {
  it('asks for exactly what is missing, where a request needs no ticket', () => {
    expect(buttons(seen(BEHIND))).toContain(`"value":"${REQUEST_ID}"`)
    expect(buttons(seen(BEHIND), { ticket: 'CHG[0-9]{7}' })).toBe('[]')
    expect(
      JSON.stringify(watchView({ route: { ...route, ticket: 'CHG[0-9]{7}' }, watch: seen(BEHIND), missing, now: NOW })),
    ).toContain('ask for it with its ticket')
    expect(buttons(seen({ kind: 'in-sync', byLabel: 0, extra: NOTHING }))).toBe('[]')
  })

  it('looks again after a failed login only when a person says so', () => {
    const paused = seen({ kind: 'unknown', why: { kind: 'stopped', code: 'login-failed' } }, { paused: REQUEST_ID })
    expect(buttons(paused)).toContain('watch_again')
    expect(lineOf(paused)).toContain('No more looks until a person says so')
  })
})

it('says that another route of its bastion holds it, and that it never looked', () => {
  const heldBy = { source: route.source, destination: { ...route.destination, alias: 'prod-de' } }
  const text = JSON.stringify(watchView({ route, watch: seen(BEHIND), missing, heldBy, now: NOW }).blocks)
  expect(text).toContain('*No looks now:* on the same bastion the watch of `prod-us` → `prod-de` waits for a person')
  const never = { route: 'a>b', nextAt: NOW, edition: 1, paused: REQUEST_ID } as const
  expect(lineOf(never)).toMatch(/has compared .* yet\. \*No more looks until a person says so/)
  expect(buttons(never)).toContain('watch_again')
})

it('calls a look old after twice its rhythm', () => {
  expect(isOld(seen(BEHIND), HOUR, NOW + 2 * HOUR)).toBe(false)
  expect(isOld(seen(BEHIND), HOUR, NOW + 2 * HOUR + 1)).toBe(true)
  const shown = (now: number) => JSON.stringify(watchView({ route, watch: seen(BEHIND), missing, now }).blocks)
  expect(shown(NOW + 24 * HOUR)).not.toContain('That look is old')
  expect(shown(NOW + 100 * 24 * HOUR)).toContain('That look is old')
})

it('names no person where the watch asked', () => {
  const text = explain(refuse({ code: 'not-requester', requestedBy: WATCHER }))
  expect(text).toContain('The watch began it')
  expect(text).not.toContain('<@')
})
