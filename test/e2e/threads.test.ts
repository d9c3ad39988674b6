import { type Stage, until } from '../harness/stage.ts'
import { people } from '../simulator/worlds.ts'
import { approveInTurn, destination, replyWith, type Story, source, tellStories } from './story.ts'

// What people see, from the question to the end: each story once, with CMU.

const STORIES: readonly Story[] = [
  { name: 'success', ends: 'Succeeded', showsCard: true },
  { name: 'nothing-missing', text: 'prod-us prod-eu users=crypto_user1 keys=none just to be sure', ends: 'Succeeded' },
  {
    name: 'plan',
    text: 'prod-us prod-eu mode=plan what would it do',
    ends: 'Succeeded',
  },
  {
    name: 'partial',
    given: (state) => state.toolFaults.push({ command: 'syncKey', match: '262162', do: 'fail' }),
    ends: 'Partly done',
  },
  {
    name: 'failed-login',
    given: (state) => {
      for (const hsm of state.clusters.flatMap((one) => one.hsms))
        for (const user of hsm.users) if (user.type === 'PCO') user.password = 'Changed-by-hand-1'
    },
    ends: 'Failed',
  },
  {
    name: 'login-risk',
    given: (state) => {
      for (const user of destination(state).hsms[0]?.users ?? []) if (user.type === 'PCO') user.loginFailures = 2
    },
    ends: 'Failed',
  },
  {
    name: 'swapped-hsm',
    given: (state) => {
      const [from] = source(state).hsms
      const [to] = destination(state).hsms
      if (from && to) {
        from.faults.partition = to.hsmId
        to.faults.partition = from.hsmId
      }
    },
    ends: 'Failed',
  },
  {
    name: 'lost-e2e',
    given: (state) => {
      for (const hsm of destination(state).hsms.slice(1)) hsm.faults.noE2E = true
    },
    ends: 'Failed',
  },
  {
    name: 'conflict',
    given: (state) => {
      for (const hsm of destination(state).hsms)
        for (const key of hsm.keys) if (key.owner === 'crypto_user2') key.owner = 'crypto_user3'
    },
    ends: 'Partly done',
  },
  {
    name: 'canary-other-handle',
    // The lowest missing handle is the next free one on the destination: another key must be the first.
    text: 'prod-us prod-eu keys=262161 one key of a new starter',
    given: (state) => state.toolFaults.push({ command: 'syncKey', do: 'new-handle' }),
    ends: 'Partly done',
  },
  {
    name: 'question',
    given: (state) => state.toolFaults.push({ command: 'syncUser', do: 'question' }),
    ends: 'Failed',
  },
  {
    name: 'lie',
    given: (state) => state.toolFaults.push({ command: 'syncKey', match: '262163', do: 'lie' }),
    ends: 'Partly done',
  },
  {
    name: 'unknown',
    // The sixth login is the one of the verification: inventory, two destination HSMs, the first key, the others.
    given: (state) => state.toolFaults.push({ command: 'loginHSM', skip: 5, do: 'fail' }),
    ends: 'Unknown',
  },
  {
    name: 'stale',
    meanwhile: async ({ simulator }) => {
      simulator.world.update((state) => {
        const [first] = destination(state).hsms
        if (first) first.ip = '10.8.9.9'
      })
    },
    ends: 'Stale',
  },
  {
    name: 'rejected',
    instead: async ({ simulator }, card) => {
      await simulator.slack.click(people.approver, card, 'reject')
      const view = await waitForView(simulator, people.approver)
      await simulator.slack.submitView(people.approver, view, {
        reason: { text: 'Not before <!channel> the `audit` is done.' },
      })
    },
    ends: 'Rejected',
  },
  {
    name: 'withdrawn',
    instead: async ({ simulator }, card) => {
      await simulator.slack.click(people.requester, card, 'withdraw')
    },
    ends: 'Withdrawn',
  },
  {
    name: 'joined-hsm',
    given: (state) => state.toolFaults.push({ command: 'syncKey', do: 'delay', ms: 2000 }),
    instead: async (stage, card) => {
      await approveInTurn(stage, card)
      await replyWith(stage, card, 'Users to server 2')
      stage.simulator.world.update((state) => {
        const [first] = destination(state).hsms
        if (first)
          destination(state).hsms.push({ ...first, hsmId: 'hsm-7newcomer11', ip: '10.8.3.9', users: [], keys: [] })
      })
    },
    ends: 'Partly done',
  },
]

tellStories('with CMU', {}, STORIES)

function waitForView(simulator: Stage['simulator'], user: string) {
  return until(() => simulator.slack.views(user).at(-1), 'a modal')
}
