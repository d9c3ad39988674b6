import type { Stage } from '../harness/stage.ts'
import { toolSessions } from '../harness/tool-sessions.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { largeWorld, people } from '../simulator/worlds.ts'
import { atMost, below, type Figure } from './figures.ts'
import { onStage } from './stage-run.ts'

export const USERS = 50
export const KEYS = 3_300

/** How the clusters and their tool are in one run. */
export interface LargeRun {
  readonly title: string
  readonly world: WorldSpec
  /** Seconds and megabytes that the quota should stay below; none where the HSMs are made slow. */
  readonly target?: { readonly seconds: number; readonly megabytes: number }
}

const HSM2M = 'hsm2m.medium'
/** hsm2m derives keys from passwords slowly (PBKDF2); the other figures are those of a near HSM. */
const SLOW = { 'cli start': 300, 'cli login': 1_500, 'user replicate': 40, 'key replicate': 20 }
/** In single command mode every command starts the tool and logs in to both clusters: few keys say enough. */
const FEW = { users: 3, keys: 12 } as const

/** AWS's quota with each engine on HSMs that answer at once; then CloudHSM CLI's two modes with slow logins. */
export const LARGE_RUNS: readonly LargeRun[] = [
  {
    title: `cmu: ${USERS} users and ${KEYS} keys, two HSMs`,
    world: largeWorld(USERS, KEYS),
    target: { seconds: 30, megabytes: 200 },
  },
  {
    title: `cloudhsm-cli: ${USERS} users and ${KEYS} keys, two HSMs`,
    world: largeWorld(USERS, KEYS, { hsmType: HSM2M, dialect: { cliInteractive: 'prompts' } }),
    target: { seconds: 45, megabytes: 250 },
  },
  ...(['prompts', 'terminal'] as const).map((cliInteractive) => ({
    title: `cloudhsm-cli, ${cliInteractive === 'prompts' ? 'one session per batch' : 'single command mode'}, 1.5 s a login: ${FEW.users} users and ${FEW.keys} keys`,
    world: largeWorld(FEW.users, FEW.keys, { hsmType: HSM2M, dialect: { cliInteractive }, latencyMs: SLOW }),
  })),
]

/** From the question to the result, everything missing on the destination. */
export async function benchLargeRun({ world, target }: LargeRun): Promise<{
  readonly figures: readonly Figure[]
  readonly remarks: readonly string[]
}> {
  return onStage(600_000, { world }, async (stage) => {
    const card = await stage.ask('prod-us prod-eu the whole quota')
    await stage.approve(card, people.approver)
    await stage.cardWith('Waiting', card)
    const approved = performance.now()
    await stage.approve(card, people.secondApprover)
    const ended = await stage.finished(card, 540_000)
    const seconds = (performance.now() - approved) / 1000
    const { peak } = await stage.bot.memory()
    return { figures: figuresOf(stage, { seconds, peak, target }), remarks: remarksOf(stage, ended.text) }
  })
}

function figuresOf(
  { simulator }: Stage,
  { seconds, peak, target }: { seconds: number; peak: number; target: LargeRun['target'] },
): readonly Figure[] {
  const commands = simulator.aws.commands()
  const sessions = toolSessions(simulator)
  const inputs = commands.map(({ parameters }) => JSON.stringify(parameters).length)
  const outputs = commands.map(({ stdout }) => stdout.length)
  return [
    aim(target?.seconds, { name: 'second approval to result', value: seconds, unit: 's', digits: 1 }),
    atMost(20, { name: 'SSM commands', value: commands.length, unit: '' }),
    { name: 'tool sessions', value: sessions.length, unit: '' },
    { name: 'logins, to HSMs (CMU) or clusters (CLI)', value: simulator.logins().length, unit: '' },
    aim(target?.megabytes, { name: 'peak resident size of the bot', value: peak, unit: 'MB' }),
    below(24_000, { name: 'largest SSM output', value: Math.max(...outputs), unit: 'chars' }),
    // SSM's limit for parameters is not published: the project stays below 32 KB.
    below(32_000, { name: 'largest SSM input', value: Math.max(...inputs), unit: 'chars' }),
  ]
}

function aim(target: number | undefined, figure: Figure): Figure {
  return target === undefined ? figure : below(target, figure)
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
