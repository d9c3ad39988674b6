import { describe, expect, it } from 'vitest'
import { assemble, parseBlock } from '../../src/engines/printed.ts'
import { Ground } from '../harness/engine-run.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { changePassword } from './engines/scenario.ts'
import { bothTools, type Tool } from './engines/tools.ts'
import { destinationOf } from './engines/truth.ts'

// Many tests are played on a bastion in memory. The same runs on the real scripts, under a real shell, with tools that
// are programs: every step must be found to say the same, to the letter.

const RUNS: readonly (readonly [string, (state: WorldState, tool: Tool) => void])[] = [
  [
    'users and keys are copied, one of each is refused',
    (state, tool) => {
      tool.disturbKey(state, 262162, { do: 'fail' })
      tool.disturbUser(state, 'crypto_user6', { do: 'fail' })
    },
  ],
  ['the password is wrong on the destination', (state) => changePassword(destinationOf(state))],
]

describe.each(bothTools)('$engine', (tool) => {
  it.concurrent.each(RUNS)('%s', async (_what, given) => {
    const [real, played] = await Promise.all(
      (['real', 'in memory'] as const).map((bastion) => runOn(tool, bastion, given)),
    )
    expect(played?.steps.length).toBeGreaterThan(1)
    expect(played).toEqual(real)
  })
})

/** What was said to a tool and what it said. */
function transcriptOf(printed: string): string | undefined {
  const block = parseBlock(printed)
  return block?.action === 'session' ? assemble([block])?.text : undefined
}

async function runOn(tool: Tool, bastion: 'real' | 'in memory', given: (state: WorldState, tool: Tool) => void) {
  const ground = new Ground({ engine: tool.engine, world: tool.world(), bastion })
  try {
    ground.world.update((state) => given(state, tool))
    const { spec, steps, outcome } = await ground.run()
    const sessions = ground.sessions().filter(({ commands: [first] }) => first !== '--version')
    return {
      steps: steps.map(({ seconds: _, ...step }) => step),
      outcome,
      transcripts: ground.printed.map((text) => transcriptOf(text)).filter((text) => text !== undefined),
      config: spec.mergedConfig.replaceAll(ground.directory, ''),
      typed: sessions.map(({ commands, ended }) => ({ commands, ended })),
      logins: ground.logins().map(({ user, target, ok }) => ({ user, target, ok })),
      violations: ground.violations(),
    }
  } finally {
    ground.remove()
  }
}
