import { expect, it } from 'vitest'
import type { ListenerDeps } from '../../../src/adapters/slack/incoming/answer.ts'
import type { Click, Command } from '../../../src/adapters/slack/incoming/deliveries.ts'
import { openForm, routeChosen } from '../../../src/adapters/slack/incoming/sync-form.ts'
import { routeValue } from '../../../src/adapters/slack/views/sync-form.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import type { Route } from '../../../src/domain/route.ts'

const cluster = (alias: string) => ({ alias, clusterId: `cluster-${alias}`, region: 'eu-west-1' })
const [us, eu, de] = [cluster('us'), cluster('eu'), cluster('de')]
const routes = [
  { source: us, destination: eu },
  { source: us, destination: de },
] as unknown as readonly [Route, Route]

/** A form over AWS that answers when it is told to. */
function form(known: readonly Route[] = routes) {
  const tasks: Promise<void>[] = []
  const shown: string[] = []
  const person = {
    current: async (id: string): Promise<unknown> => (id === 'U0GUEST' ? { id, flaw: 'guest' } : { id }),
  }
  const waiting = new Map<string, (answer: unknown) => void>()
  const deps = {
    landscape: { routes: known, clusters: [us, eu, de] },
    workspace: { person: (id: string) => person.current(id) },
    directory: { describe: (id: string) => new Promise((resolve) => waiting.set(id, resolve)) },
    tasks: { run: (task: () => Promise<void>) => void tasks.push(task()) },
    web: {
      openView: async (_: string, view: unknown) => {
        shown.push(JSON.stringify(view))
        return 'V1'
      },
      updateView: async (_: string, view: unknown) => void shown.push(JSON.stringify(view)),
    },
    log: { info: () => undefined },
    clock: { now: () => 0, sleep: async () => undefined },
  } as unknown as ListenerDeps
  const memo = JSON.stringify({ channel: 'C0', respondTo: '', openedAt: 0 })
  const choose = (route: Route, user = 'U0RITA') =>
    routeChosen(deps, { user, value: routeValue(route), view: { id: 'V1', memo } } as Click)
  const answer = async (alias: string, found?: unknown) => {
    while (!waiting.has(`cluster-${alias}`)) await new Promise((resolve) => setTimeout(resolve, 1))
    waiting.get(`cluster-${alias}`)?.(
      found ?? { state: 'ACTIVE', hsms: [{ hsmId: `hsm-${alias}`, eniIp: '10.0.0.1', state: 'ACTIVE' }] },
    )
  }
  return { deps, choose, answer, shown, person, tasks }
}

it('shows the HSMs of the route that was chosen last, whichever answer comes first', async () => {
  const { choose, answer, shown } = form()
  const first = choose(routes[0])
  await answer('us')
  const second = choose(routes[1])
  await answer('de')
  await answer('us')
  await second
  await answer('eu')
  await first
  expect(shown.filter((view) => view.includes('Looking up'))).toHaveLength(2)
  expect(shown.at(-1)).toContain('hsm-de')
  expect(shown.join()).not.toContain('hsm-eu')
})

it('knows the last choice also where Slack tells of the person later for the first', async () => {
  const { choose, answer, shown, person } = form()
  let tell: (found: unknown) => void = () => undefined
  person.current = () => new Promise((resolve) => (tell = resolve))
  const first = choose(routes[0])
  person.current = async () => ({ id: 'U0RITA' })
  const second = choose(routes[1])
  await answer('us')
  await answer('de')
  await second
  tell({ id: 'U0RITA' })
  await first
  expect(shown.at(-1)).toContain('hsm-de')
  expect(shown.join()).not.toContain('Looking up the HSMs of `us` and `eu`')
})

it('says why it cannot show them, and shows nothing to a guest', async () => {
  const { choose, answer, shown } = form()
  const chosen = choose(routes[0])
  await answer('us')
  await answer('eu', refuse({ code: 'unknown-cluster', name: 'eu', aliases: ['us'] }))
  await chosen
  expect(shown.at(-1)).toContain('I could not look up the HSMs of')
  expect(shown.join()).not.toContain('hsm-us')
  await choose(routes[0], 'U0GUEST')
  expect(shown).toHaveLength(2)
})

it('shows no HSMs of the only route to somebody of whom Slack tells late that they are a guest', async () => {
  const { deps, shown, person, tasks } = form([routes[0]])
  let tell: (found: unknown) => void = () => undefined
  person.current = () => new Promise((resolve) => (tell = resolve))
  await openForm(
    deps,
    { user: 'U0GUEST', trigger: 'T1', channel: 'C0', respondTo: '' } as Command,
    async () => undefined,
  )
  expect(shown).toHaveLength(1)
  tell({ id: 'U0GUEST', flaw: 'guest' })
  await Promise.all(tasks)
  expect(shown).toHaveLength(1)
})
