import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type EngineRun, Ground, type RunOptions } from '../../harness/engine-run.ts'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { theKeys } from './scenario.ts'
import { cliTool } from './tools.ts'
import { destinationOf, giveUsers, sourceOf, told } from './truth.ts'

// What CloudHSM CLI's engine makes of users and keys that only some HSMs have, and of keys that look alike.

const tool = cliTool()

interface Given {
  readonly given: (state: WorldState) => void
  readonly cryptoUsers?: readonly string[]
  readonly options?: RunOptions
}

async function run({ given, cryptoUsers = [], options = {} }: Given): Promise<EngineRun> {
  const ground = new Ground({ engine: tool.engine, world: tool.world(), cryptoUsers, bastion: 'in memory' })
  try {
    ground.world.update(given)
    const end = await ground.run(options)
    expect(ground.violations()).toBe('')
    return end
  } finally {
    ground.remove()
  }
}

describe('on some HSMs of the destination only', () => {
  const partly = (handle: number) =>
    run({
      given: (state) => {
        giveUsers(state)
        tool.disturbKey(state, handle, { do: 'partial' })
      },
    })

  it('a key, the first one: no other is tried', async () => {
    const { outcome } = await partly(262159)
    expect(told(outcome)).toMatchObject({
      state: 'partial',
      stop: 'canary-effect',
      keys: '10 already, 1 failed, 4 untried',
    })
    expect(told(outcome).named[0]).toBe('key 262159: incomplete')
  })

  it('a key whose owner may be asked: the owner’s listing says so', async () => {
    const { outcome } = await run({
      given: (state) => tool.disturbKey(state, 262162, { do: 'partial' }),
      cryptoUsers: ['crypto_user1'],
      options: { scope: { users: { kind: 'none' }, keys: theKeys(262162) } },
    })
    expect(told(outcome).named).toEqual(['key 262162: incomplete'])
    expect(outcome.discrepancies[0]?.why).toContain('cluster-coverage inconsistent')
  })
})

describe('two keys with one reference and one label', () => {
  const given = (state: WorldState) => {
    for (const hsm of destinationOf(state).hsms)
      for (const key of hsm.keys) if (key.handle === 262156) key.material = 'another key'
  }
  const options = { scope: { users: { kind: 'none' }, keys: { kind: 'all' } } } as const

  it('are told apart by an owner who may list them: a conflict', async () => {
    const { outcome } = await run({ given, cryptoUsers: ['crypto_user1', 'crypto_user2'], options: { mode: 'plan' } })
    expect(told(outcome).named).toEqual(['key 262156: conflict'])
    expect(outcome.discrepancies[0]?.why).toMatch(/check|0x[0-9a-f]{6}/)
    expect(outcome.comparison?.byMaterial).toBeGreaterThan(0)
  })

  it('cannot be told apart by an administrator, and the outcome says how many were compared so', async () => {
    const { outcome } = await run({ given, options: { ...options, mode: 'plan' } })
    expect(told(outcome)).toMatchObject({ state: 'succeeded', keys: '10 already', named: [] })
    expect(outcome.comparison).toEqual({ byMaterial: 0, byLabel: 10 })
  })

  it('an owner’s listing shows a key’s copy with another owner or sharers as a conflict too', async () => {
    const { outcome } = await run({
      given: (state) => {
        for (const hsm of destinationOf(state).hsms)
          for (const key of hsm.keys) if (key.handle === 262156) key.sharedWith = ['crypto_user2']
      },
      cryptoUsers: ['crypto_user1', 'crypto_user2'],
      options: { mode: 'plan' },
    })
    expect(told(outcome).named).toEqual(['key 262156: conflict'])
  })
})

describe('a cluster of one HSM: the tool wants keys on two', () => {
  const single = (...which: ((state: WorldState) => { hsms: unknown[] })[]) => ({
    given: (state: WorldState) => {
      for (const cluster of which) cluster(state).hsms.length = 1
    },
  })

  it.each([['destination', destinationOf, ['cluster-7klmnopqrst', 'disable', 'cluster-2abcdefghij']]] as const)(
    'the %s: it is configured first, and told to do without',
    async (_, which, order) => {
      const { spec, outcome } = await run(single(which))
      expect(outcome.state).toBe('succeeded')
      expect(spec.commands?.map((command) => /cluster-[2-7a-z]{11}|disable/.exec(command)?.[0])).toEqual(order)
      expect(spec.mergedConfig.match(/"disable_key_availability_check": true/g)).toHaveLength(1)
    },
  )

  it.each([
    ['both: only one can be told', single(sourceOf, destinationOf)],
    [
      'a configure-cli that takes no options of such a file',
      {
        given: (state: WorldState) => {
          destinationOf(state).hsms.length = 1
          state.dialect.cliTakesOptions = false
        },
      },
    ],
  ])('%s: nothing is written, and the tool’s words come with what to do', async (_, world) => {
    const { outcome } = await run(world)
    expect(told(outcome)).toMatchObject({ state: 'failed', wrote: false, stop: 'tool-refused' })
    expect(outcome.stop?.detail).toMatch(/does not meet the availability requirements.*add a second HSM to it/)
  })

  it('both, where every command is a process: the same, and it counts as no failed login', async () => {
    const ground = new Ground({ engine: tool.engine, world: tool.world({ dialect: { cliInteractive: 'terminal' } }) })
    try {
      ground.world.update(single(sourceOf, destinationOf).given)
      const { outcome } = await ground.run()
      expect(told(outcome)).toMatchObject({ state: 'failed', wrote: false, stop: 'login-unsure' })
      expect(outcome.stop?.detail).toMatch(/^key list .*add a second HSM to it/)
      const kept = readdirSync(join(ground.files.stateDir, 'failed-logins'))
      expect(kept.filter((name) => !name.endsWith('.lock'))).toEqual([])
    } finally {
      ground.remove()
    }
  })
})

describe('a key whose copy was not acknowledged', () => {
  const cut = (state: WorldState) => tool.disturbKey(state, 262162, { do: 'cut' })
  const scope = { users: { kind: 'none' }, keys: theKeys(262159, 262162) } as const

  it('is counted when its owner sees it on every HSM', async () => {
    const { outcome } = await run({ given: cut, cryptoUsers: ['crypto_user1'], options: { scope } })
    expect(told(outcome)).toMatchObject({ state: 'succeeded', named: [] })
  })

  it('is counted when the destination has one HSM only', async () => {
    const given = (state: WorldState) => {
      destinationOf(state).hsms.length = 1
      cut(state)
    }
    const { outcome } = await run({ given, options: { scope } })
    expect(told(outcome)).toMatchObject({ state: 'succeeded', named: [] })
  })
})
