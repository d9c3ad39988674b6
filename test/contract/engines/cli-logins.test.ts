import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sure } from '../../fixtures/examples.ts'
import { type EngineRun, Ground, type RunOptions } from '../../harness/engine-run.ts'
import type { LoginRecord } from '../../simulator/bastion/logins.ts'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { largeWorld } from '../../simulator/worlds.ts'
import { changePassword } from './scenario.ts'
import { cliTool, reference } from './tools.ts'
import { destinationOf, sourceOf } from './truth.ts'

// A crypto officer is locked out after five wrong passwords: how often CloudHSM CLI's engine logs in. How the bastion
// counts failed logins: unit/engines/cli-questions.

const KINDS = ['prompts', 'terminal'] as const
type Kind = (typeof KINDS)[number]

interface Counted extends EngineRun {
  readonly logins: readonly LoginRecord[]
}

interface Size {
  readonly users: number
  readonly keys: number
}

async function run(
  cliInteractive: Kind,
  { users, keys }: Size,
  {
    given = () => {},
    during,
  }: { given?: (state: WorldState) => void; during?: (ground: Ground) => RunOptions['during'] },
): Promise<Counted> {
  const world = largeWorld(users, keys, { hsmType: 'hsm2m.medium', dialect: { cliInteractive } })
  // Where every command is a process, processes are the matter.
  const ground = new Ground({
    engine: 'cloudhsm-cli',
    world,
    bastion: cliInteractive === 'prompts' ? 'in memory' : 'real',
  })
  try {
    ground.world.update(given)
    const hook = during?.(ground)
    const end = await ground.run(hook ? { during: hook } : {})
    return { ...end, logins: ground.logins() }
  } finally {
    ground.remove()
  }
}

const refused = (logins: readonly LoginRecord[]) => logins.flatMap(({ ok, target }) => (ok ? [] : [target]))

describe('a wrong password is tried once, however many users and keys there are', () => {
  const many = { prompts: { users: 30, keys: 60 }, terminal: { users: 4, keys: 8 } }

  it.concurrent.each(KINDS)('wrong on both clusters, %s', async (kind) => {
    const given = (state: WorldState) => [sourceOf(state), destinationOf(state)].map(changePassword)
    const { outcome, logins } = await run(kind, many[kind], { given })
    expect(outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'login-failed' },
    })
    expect(logins).toMatchObject([{ ok: false, user: 'admin', target: 'cluster-2abcdefghij' }])
  })

  it.concurrent.each(KINDS)('wrong on the destination, %s', async (kind) => {
    const { outcome, logins } = await run(kind, many[kind], { given: (state) => changePassword(destinationOf(state)) })
    expect(outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'login-failed' },
    })
    expect(refused(logins)).toEqual(['cluster-7klmnopqrst'])
  })

  // Where every command is a process, every command logs in.
  const changedMeanwhile = (kind: Kind) =>
    run(
      kind,
      { users: 2, keys: 5 },
      {
        given: (state) => cliTool().disturbKey(state, 262144 + 3, { do: 'delay', ms: 1500 }),
        during: (ground) => async (plan) => {
          if (plan.kind !== 'sync-keys' || plan.canary) return
          const isTyped = () =>
            ground.sessions().some(({ commands }) => commands.some((line) => line.includes(reference(262144 + 3))))
          for (let wait = 0; wait < 800 && !isTyped(); wait++) await sleep(25)
          await sleep(700)
          ground.world.update((state) => changePassword(sourceOf(state)))
        },
      },
    )

  it('changed in the middle of a batch, terminal', async () => {
    const { logins } = await changedMeanwhile('terminal')
    expect(refused(logins)).toHaveLength(1)
  })
})

describe('in one session', () => {
  it('a step logs in once to each cluster, however many keys it copies', async () => {
    const sizes = [5, 20].map((keys) => ({ users: 2, keys }))
    const [five, twenty] = await Promise.all(
      sizes.map(async (size) => {
        const { outcome, steps, logins } = await run('prompts', size, {})
        expect(outcome.state).toBe('succeeded')
        expect(steps.filter(({ plan }) => plan.kind === 'sync-keys').length).toBe(size.keys > 11 ? 3 : 2)
        const withLogin = steps.filter(({ plan }) => plan.kind !== 'inspect')
        expect(logins).toHaveLength(2 * withLogin.length)
        return logins.length
      }),
    )
    expect(twenty).toBe(sure(five) + 2)
  })
})
