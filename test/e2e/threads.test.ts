import { describe, it } from 'vitest'
import { type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import { threadText } from '../harness/thread-text.ts'
import type { Cluster, WorldState } from '../simulator/world/world-state.ts'
import { channels, hsm2mClusters, people } from '../simulator/worlds.ts'

interface Scenario {
  readonly name: string
  readonly options?: StageOptions
  /** What is typed after /hsm-sync. */
  readonly text?: string
  /** Before it is asked. */
  readonly given?: (state: WorldState) => void
  /** Between asking and approving. */
  readonly meanwhile?: (stage: Stage, card: { channel: string; ts: string }) => Promise<void>
  /** Instead of two approvals. */
  readonly instead?: (stage: Stage, card: { channel: string; ts: string }) => Promise<void>
  readonly ends: string
}

const source = (state: WorldState) => cluster(state, 'cluster-2abcdefghij')
const destination = (state: WorldState) => cluster(state, 'cluster-7klmnopqrst')
const route = (ts: string) => ({ channel: channels.route, ts })

/** Clusters that only CloudHSM CLI can reach; the tool shows its prompts on a pipe. */
const cli = (options: StageOptions = {}): StageOptions => ({
  world: hsm2mClusters({ dialect: { cliInteractive: 'prompts', cliJson: 'pretty' } }),
  ...options,
})

const SCENARIOS: readonly Scenario[] = [
  { name: 'success', ends: 'Succeeded' },
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
        from.troubles.partition = to.hsmId
        to.troubles.partition = from.hsmId
      }
    },
    ends: 'Failed',
  },
  {
    name: 'lost-e2e',
    given: (state) => {
      for (const hsm of destination(state).hsms.slice(1)) hsm.troubles.noE2E = true
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
  { name: 'cli-success', options: cli(), ends: 'Succeeded' },
  {
    name: 'cli-owners',
    options: cli({ cryptoUsers: ['crypto_user1', 'crypto_user2'] }),
    text: 'prod-us prod-eu keys=0x40006,0x40012 users=none two keys of crypto_user1',
    ends: 'Succeeded',
  },
  { name: 'cli-plan', options: cli(), text: 'prod-us prod-eu mode=plan what would it do', ends: 'Succeeded' },
  {
    name: 'cli-partial',
    options: cli(),
    given: (state) =>
      state.toolFaults.push(
        { command: 'user replicate', match: 'crypto_user6', do: 'partial' },
        { command: 'key replicate', match: '0x0000000000040010', do: 'partial' },
      ),
    ends: 'Partly done',
  },
  {
    name: 'cli-unknown-failure',
    options: cli(),
    given: (state) =>
      state.toolFaults.push({
        command: 'key replicate',
        match: '0x0000000000040011',
        do: 'fail',
        text: 'Something nobody has written down',
      }),
    ends: 'Partly done',
  },
  {
    name: 'cli-inconsistent',
    options: cli(),
    given: (state) => {
      source(state).hsms[1]?.users.pop()
    },
    ends: 'Failed',
  },
  {
    name: 'cli-failed-login',
    options: cli(),
    given: (state) => {
      for (const hsm of state.clusters.flatMap((one) => one.hsms))
        for (const user of hsm.users) if (user.type === 'PCO') user.password = 'Changed-by-hand-1'
    },
    ends: 'Failed',
  },
  {
    name: 'cli-unknown',
    options: cli(),
    // The ninth login is the first of the verification: two each for the inventory, the users, the first key, the others.
    given: (state) => state.toolFaults.push({ command: 'login', skip: 8, do: 'fail' }),
    ends: 'Unknown',
  },
  {
    name: 'cli-conflict',
    options: cli(),
    text: 'prod-us prod-eu users=none compare the keys',
    given: (state) => {
      for (const hsm of destination(state).hsms)
        for (const key of hsm.keys) if (key.handle === 7) key.label = 'another-key'
    },
    ends: 'Partly done',
  },
  {
    name: 'cli-unproven',
    options: cli(),
    given: (state) => {
      state.backups = []
    },
    meanwhile: async ({ simulator }) => {
      simulator.world.update((state) => {
        destination(state).hsms.pop()
      })
    },
    ends: 'Stale',
  },
  { name: 'expired', options: { expiresAfter: '1m' }, instead: async () => undefined, ends: 'Expired' },
]

describe('what people see, from the question to the end', { timeout: 300_000, concurrent: true }, () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, async ({ expect }) => {
      const stage = await startStage({ seed: 1, ...scenario.options })
      try {
        if (scenario.given) stage.simulator.world.update(scenario.given)
        const card = await stage.ask(scenario.text)
        await scenario.meanwhile?.(stage, route(card.ts))
        if (scenario.instead) await scenario.instead(stage, route(card.ts))
        else await approveInTurn(stage, route(card.ts))
        const end = await stage.finished(card)
        expect(end.text).toContain(scenario.ends)
        await expect(threadText(end)).toMatchFileSnapshot(`golden/${scenario.name}.txt`)
        expect(stage.simulator.violations()).toEqual([])
      } finally {
        await stage.stop()
      }
    })
  }
})

/** Two clicks in one instant may be stored in either order; these threads tell of one after the other. */
async function approveInTurn(stage: Stage, card: { channel: string; ts: string }): Promise<void> {
  await stage.simulator.slack.click(people.approver, card, 'approve')
  await replyWith(stage, card, `<@${people.approver}> approved it`)
  await stage.simulator.slack.click(people.groupApprover, card, 'approve')
}

function replyWith({ simulator }: Stage, card: { channel: string; ts: string }, words: string) {
  const thread = () => simulator.slack.messages(card.channel).find(({ ts }) => ts === card.ts)?.thread ?? []
  return until(() => thread().find(({ text }) => text.includes(words)), `"${words}" in the thread`)
}

function cluster(state: WorldState, id: string): Cluster {
  const found = state.clusters.find((candidate) => candidate.clusterId === id)
  if (!found) throw new Error(`no cluster ${id} in this world`)
  return found
}

function waitForView(simulator: Stage['simulator'], user: string) {
  return until(() => simulator.slack.views(user).at(-1), 'a modal')
}
