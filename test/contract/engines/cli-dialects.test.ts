import { describe, expect, it } from 'vitest'
import type { OutcomeReport } from '../../../src/domain/outcome.ts'
import { Ground } from '../../harness/engine-run.ts'
import type { Dialect } from '../../simulator/bin/shared/dialect.mjs'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { changePassword } from './scenario.ts'
import { cliTool, reference, type Tool } from './tools.ts'
import { destinationOf } from './truth.ts'

// Whether the tool can be talked to on a pipe, how it lays out its JSON and what its exit status means must not show in an outcome.

interface Accident {
  readonly given: (state: WorldState, tool: Tool) => void
  readonly state: OutcomeReport['state']
  readonly stop?: string
  /** Looked at in every combination. */
  readonly isThorough?: boolean
}

const ACCIDENTS = {
  'everything goes well': { given: () => {}, state: 'succeeded' },
  'one key and one user are refused': {
    given: (state, tool) => {
      tool.disturbKey(state, 262162, { do: 'fail' })
      tool.disturbUser(state, 'crypto_user6', { do: 'fail' })
    },
    state: 'partial',
    isThorough: true,
  },
  'a user and a key get to some HSMs only': {
    given: (state, tool) => {
      tool.disturbKey(state, 262162, { do: 'partial' })
      tool.disturbUser(state, 'crypto_user6', { do: 'partial' })
    },
    state: 'partial',
  },
  'the password is wrong on the destination': {
    given: (state) => changePassword(destinationOf(state)),
    state: 'failed',
    stop: 'login-failed',
  },
} as const satisfies Record<string, Accident>

const REFERENCE: Partial<Dialect> = { cliInteractive: 'prompts', cliJson: 'pretty', cliFailureExit: 1 }

// With the reference, every value of each dimension at least twice.
const EVERY_DIALECT: readonly Partial<Dialect>[] = [
  { cliInteractive: 'prompts', cliJson: 'compact', cliFailureExit: 0 },
  { cliInteractive: 'silent', cliJson: 'pretty', cliFailureExit: 0 },
  { cliInteractive: 'terminal', cliJson: 'compact', cliFailureExit: 1 },
]
const SOME_DIALECTS = EVERY_DIALECT.filter(({ cliInteractive }) => cliInteractive === 'terminal')

async function outcomeOf(dialect: Partial<Dialect>, { given }: Accident): Promise<OutcomeReport> {
  const tool = cliTool(dialect)
  const ground = new Ground({ engine: tool.engine, world: tool.world() })
  try {
    ground.world.update((state) => given(state, tool))
    const { outcome } = await ground.run()
    expect(ground.violations()).toBe('')
    return outcome
  } finally {
    ground.remove()
  }
}

describe.concurrent.each(Object.entries<Accident>(ACCIDENTS))('%s', (_name, accident) => {
  const reference = outcomeOf(REFERENCE, accident)

  it(`ends as ${accident.state}, ${accident.stop ?? 'without a stop'}`, async () => {
    const { state, stop } = await reference
    expect({ state, stop: stop?.code }).toEqual({ state: accident.state, stop: accident.stop })
  })

  it.each(accident.isThorough ? EVERY_DIALECT : SOME_DIALECTS)(
    'the same in $cliInteractive, $cliJson, failures exit $cliFailureExit',
    async (dialect) => {
      expect(await outcomeOf(dialect, accident)).toEqual(await reference)
    },
  )
})

describe('a tool that copies a key and ends in the middle of saying so: no other key is sent', () => {
  const cut: Accident = {
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'cut' }),
    state: 'partial',
  }
  const notSent = expect.objectContaining({ name: reference(262163), problem: 'untried' })

  it('in one session', async () => {
    const { stop, troubles } = await outcomeOf({ cliInteractive: 'prompts' }, cut)
    expect({ stop: stop?.code, troubles }).toMatchObject({ stop: 'no-answer', troubles: [{}, notSent] })
  })

  it('as a process of its own', async () => {
    const { stop, troubles } = await outcomeOf({ cliInteractive: 'terminal' }, cut)
    expect(stop).toBeDefined()
    expect(troubles).toContainEqual(notSent)
  })
})

describe('a key is refused for a reason that no manual explains', () => {
  const unexplained: Accident = {
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'fail', text: 'Internal error: out of something' }),
    state: 'partial',
  }

  it('in one session: nothing more is sent, and it is listed again', async () => {
    const { state, stop } = await outcomeOf({ cliInteractive: 'prompts' }, unexplained)
    expect({ state, stop: stop?.code }).toEqual({ state: 'partial', stop: 'unknown-failure' })
  })

  it('as a process of its own: it may be a failed login, so nothing logs in any more, not even to look', async () => {
    const { state, stop } = await outcomeOf({ cliInteractive: 'terminal' }, unexplained)
    expect({ state, stop: stop?.code }).toEqual({ state: 'unknown', stop: 'login-unsure' })
  })
})

describe('the tool is killed in a batch', () => {
  const killed: Accident = {
    given: (state, tool) => tool.disturbKey(state, 262162, { do: 'kill' }),
    state: 'partial',
  }

  it('in one session: nothing more is sent, and it is listed again', async () => {
    const { state, stop } = await outcomeOf({ cliInteractive: 'prompts' }, killed)
    expect({ state, stop: stop?.code }).toEqual({ state: 'partial', stop: 'no-answer' })
  })

  it('as a process of its own: it may have been logging in, so nothing logs in any more', async () => {
    const { state, stop } = await outcomeOf({ cliInteractive: 'terminal' }, killed)
    expect({ state, stop: stop?.code }).toEqual({ state: 'unknown', stop: 'login-unsure' })
  })
})
