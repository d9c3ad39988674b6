import type { Stage } from '../harness/stage.ts'
import { largeWorld, people } from '../simulator/worlds.ts'
import { atMost, below, type Figure } from './figures.ts'
import { onStage } from './stage-run.ts'

export const USERS = 50
export const KEYS = 3_300

/** AWS's quota of users and keys missing on two destination HSMs that answer at once. */
export async function benchLargeRun(): Promise<{
  readonly figures: readonly Figure[]
  readonly remarks: readonly string[]
}> {
  return onStage(120_000, { world: largeWorld(USERS, KEYS) }, async (stage) => {
    const card = await stage.ask('prod-us prod-eu the whole quota')
    await stage.approve(card, people.approver)
    await stage.cardWith('Waiting', card)
    const approved = performance.now()
    await stage.approve(card, people.secondApprover)
    const ended = await stage.finished(card)
    const seconds = (performance.now() - approved) / 1000
    const { peak } = await stage.bot.memory()
    return { figures: figuresOf(stage, seconds, peak), remarks: remarksOf(stage, ended.text) }
  })
}

function figuresOf({ simulator }: Stage, seconds: number, peak: number): readonly Figure[] {
  const commands = simulator.aws.commands()
  const sessions = simulator.sessions()
  const logins = sessions.filter(({ commands: typed }) => typed.some((text) => text.startsWith('loginHSM')))
  const inputs = commands.map(({ parameters }) => JSON.stringify(parameters).length)
  const outputs = commands.map(({ stdout }) => stdout.length)
  return [
    below(30, { name: 'second approval to result', value: seconds, unit: 's', digits: 1 }),
    atMost(20, { name: 'SSM commands', value: commands.length, unit: '' }),
    { name: 'CMU sessions', value: sessions.length, unit: '' },
    { name: 'CMU logins', value: logins.length, unit: '' },
    below(200, { name: 'peak resident size of the bot', value: peak, unit: 'MB' }),
    below(24_000, { name: 'largest SSM output', value: Math.max(...outputs), unit: 'chars' }),
    // SSM's limit for parameters is not published: the project stays below 32 KB (facts, section 5.1).
    below(32_000, { name: 'largest SSM input', value: Math.max(...inputs), unit: 'chars' }),
  ]
}

/** How it ended, and where the time went: seconds on the bastion by kind of step. */
function remarksOf({ simulator }: Stage, ended: string): readonly string[] {
  const spent = new Map<string, { count: number; ms: number }>()
  for (const { comment, startedAt, endedAt } of simulator.aws.commands()) {
    const kind = comment.split(' ')[2] ?? comment
    const sum = spent.get(kind) ?? { count: 0, ms: 0 }
    spent.set(kind, { count: sum.count + 1, ms: sum.ms + ((endedAt ?? 0) - (startedAt ?? 0)) })
  }
  const parts = [...spent].map(([kind, { count, ms }]) => `${kind} ${count}× ${(ms / 1000).toFixed(1)} s`)
  const violations = simulator.violations()
  return [
    `ended as: ${ended.split(':')[0] ?? ended}`,
    `on the bastion: ${parts.join(', ')}`,
    ...(violations.length > 0 ? [`the simulator objects: ${violations.join('; ').slice(0, 400)}`] : []),
  ]
}
