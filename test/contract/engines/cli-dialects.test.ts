import { describe, expect, it } from 'vitest'
import type { OutcomeReport } from '../../../src/domain/outcome.ts'
import type { Scope } from '../../../src/domain/scope.ts'
import { Ground } from '../../harness/engine-run.ts'
import type { Dialect } from '../../simulator/bin/shared/dialect.mjs'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { theKeys, USERS } from './scenario.ts'
import { cliTool, type Disturbance, reference as keyReference, type Tool } from './tools.ts'

// Whether the tool can be talked to on a pipe, how it lays out its JSON and what its exit status means must not show in
// an outcome.

interface Accident {
  readonly given: (state: WorldState, tool: Tool) => void
  readonly scope: Scope
}

const keys = theKeys(262159, 262162, 262163)

const REFUSED: Accident = {
  given: (state, tool) => {
    tool.disturbKey(state, 262162, { do: 'fail' })
    tool.disturbUser(state, 'crypto_user6', { do: 'fail' })
  },
  scope: { users: { kind: 'listed', items: USERS }, keys },
}

const REFERENCE: Partial<Dialect> = { cliInteractive: 'prompts', cliJson: 'pretty', cliFailureExit: 1 }

// With the reference, every value of each dimension.
const EVERY_DIALECT: readonly Partial<Dialect>[] = [
  { cliInteractive: 'prompts', cliJson: 'compact', cliFailureExit: 0 },
  // One that shows no prompt goes the same way from its first silence on: unit/engines/cli-questions.
  { cliInteractive: 'terminal', cliJson: 'compact', cliFailureExit: 0, cliColours: true, cliLogs: true },
]
async function outcomeOf(
  dialect: Partial<Dialect>,
  { given, scope }: Accident,
  look: (ground: Ground) => void = () => undefined,
): Promise<OutcomeReport> {
  const tool = cliTool(dialect)
  // A session with prompts is played in memory too, where it is no other tool: in-memory-bastion.test.ts compares the
  // two.
  const bastion = dialect.cliInteractive === 'prompts' && !dialect.cliColours ? 'in memory' : 'real'
  const ground = new Ground({ engine: tool.engine, world: tool.world(), bastion })
  try {
    ground.world.update((state) => given(state, tool))
    const { outcome } = await ground.run({ scope })
    expect(ground.violations()).toBe('')
    look(ground)
    return outcome
  } finally {
    ground.remove()
  }
}

let asked: Promise<OutcomeReport> | undefined
/** What the one dialect comes to that all others are compared with: run once. */
function reference(): Promise<OutcomeReport> {
  asked ??= outcomeOf(REFERENCE, REFUSED)
  return asked
}

describe.concurrent('one key and one user are refused', () => {
  it('ends as partial, without a stop', async () => {
    const { state, stop } = await reference()
    expect({ state, stop: stop?.code }).toEqual({ state: 'partial', stop: undefined })
  })

  it.each(EVERY_DIALECT)('the same in $cliInteractive, $cliJson, failures exit $cliFailureExit', async (dialect) => {
    expect(await outcomeOf(dialect, REFUSED)).toEqual(await reference())
  })
})

describe.concurrent('a tool that colours its prompts and logs to the terminal, braces and all', () => {
  const loud = { ...REFERENCE, cliColours: true, cliLogs: true } as const

  it('is understood, and stays in one session: its password is in no environment', async () => {
    const commands: string[] = []
    const outcome = await outcomeOf(loud, REFUSED, (ground) => {
      for (const { tool, argv } of ground.recordings()) if (tool === 'cloudhsm-cli') commands.push(argv[0] ?? '')
    })
    expect(outcome).toEqual(await reference())
    expect([...new Set(commands)].sort()).toEqual(['--version', 'interactive'])
  })
})

// The same in one session: accidents.test.ts and the golden threads. The first key meets it, so that each run is short.
describe.concurrent('where every command is a process of its own', () => {
  const ends = (disturbance: Disturbance) =>
    outcomeOf(
      { cliInteractive: 'terminal' },
      {
        scope: { users: { kind: 'none' }, keys: theKeys(262159, 262162) },
        given: (state, tool) => tool.disturbKey(state, 262159, disturbance),
      },
    )

  it('a key that is copied by a tool that ends in the middle of saying so: no other key is sent', async () => {
    const { stop, discrepancies } = await ends({ do: 'cut' })
    expect(stop).toBeDefined()
    expect(discrepancies).toContainEqual(expect.objectContaining({ name: keyReference(262162), problem: 'untried' }))
  })

  it('a failure that no manual explains may be a failed login: nothing logs in any more, not even to look', async () => {
    const { state, stop } = await ends({ do: 'fail', text: 'Internal error: out of something' })
    expect({ state, stop: stop?.code }).toEqual({ state: 'unknown', stop: 'login-unsure' })
  })

  it('a tool that is killed may have been logging in: nothing logs in any more', async () => {
    const { state, stop } = await ends({ do: 'kill' })
    expect({ state, stop: stop?.code }).toEqual({ state: 'unknown', stop: 'login-unsure' })
  })
})
