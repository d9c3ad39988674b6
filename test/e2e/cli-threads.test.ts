import { hsm2mClusters } from '../simulator/worlds.ts'
import { destination, type Story, source, tellStories } from './story.ts'

// What people see, from the question to the end, where only CloudHSM CLI reaches the clusters; it shows its prompts on
// a pipe.

const world = hsm2mClusters({ dialect: { cliInteractive: 'prompts', cliJson: 'pretty' } })

const STORIES: readonly Story[] = [
  { name: 'cli-success', ends: 'Succeeded', showsCard: true },
  { name: 'cli-plan', text: 'prod-us prod-eu mode=plan what would it do', ends: 'Succeeded' },
  {
    name: 'cli-partial',
    given: (state) =>
      state.toolFaults.push(
        { command: 'user replicate', match: 'crypto_user6', do: 'partial' },
        { command: 'key replicate', match: '0x0000000000040010', do: 'partial' },
      ),
    ends: 'Partly done',
  },
  {
    name: 'cli-unknown-failure',
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
    given: (state) => {
      source(state).hsms[1]?.users.pop()
    },
    ends: 'Failed',
  },
  {
    name: 'cli-failed-login',
    given: (state) => {
      for (const hsm of state.clusters.flatMap((one) => one.hsms))
        for (const user of hsm.users) if (user.type === 'PCO') user.password = 'Changed-by-hand-1'
    },
    ends: 'Failed',
  },
  {
    name: 'cli-unknown',
    // The ninth login is the first of the verification: two each for the inventory, the users, the first key, the
    // others.
    given: (state) => state.toolFaults.push({ command: 'login', skip: 8, do: 'fail' }),
    ends: 'Unknown',
  },
  {
    name: 'cli-conflict',
    text: 'prod-us prod-eu users=none compare the keys',
    given: (state) => {
      for (const hsm of destination(state).hsms)
        for (const key of hsm.keys) if (key.handle === 7) key.label = 'another-key'
    },
    ends: 'Partly done',
  },
  {
    name: 'cli-unproven',
    showsCard: true,
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
]

tellStories('with CloudHSM CLI', { world }, STORIES)

tellStories('with the credentials of crypto users', { world, cryptoUsers: ['crypto_user1', 'crypto_user2'] }, [
  {
    name: 'cli-owners',
    text: 'prod-us prod-eu keys=0x40006,0x40012 users=none two keys of crypto_user1',
    ends: 'Succeeded',
  },
])
