import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, vi } from 'vitest'
import { parse } from 'yaml'
import { openDatabase } from '../../src/adapters/store/open-database.ts'
import { doctorCommand } from '../../src/commands/doctor.ts'
import { parseLandscape } from '../../src/config-file.ts'
import { lockedDocument } from '../../src/engines/locked-document.ts'
import { iamRoles } from '../../src/iam-policies.ts'
import { sure } from '../fixtures/examples.ts'
import { configFor } from '../harness/stage.ts'
import { fakeCredentials } from '../simulator/aws/aws-simulator.ts'
import { ACCOUNT } from '../simulator/aws/policy.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import type { WorldState } from '../simulator/world/world-state.ts'
import { people, plantedPassword, twoClusters } from '../simulator/worlds.ts'

export interface Planted {
  readonly world?: Partial<WorldSpec>
  /** Text of config.yml, of the manifest that the app was installed from. */
  readonly config?: (text: string) => string
  readonly manifest?: (text: string) => string
  readonly env?: (env: Record<string, string>) => Record<string, string | undefined>
  readonly change?: (state: WorldState) => unknown
  readonly slack?: (slack: Simulator['slack']) => unknown
  readonly aws?: (aws: Simulator['aws']) => void
  /** Before the doctor comes; `file`: of the database. */
  readonly prepare?: (place: { readonly file: string; readonly simulator: Simulator }) => Promise<void> | void
  /** Without the locked document. */
  readonly plain?: true
}

export interface Told {
  readonly code: number
  readonly text: string
  readonly lines: readonly string[]
  readonly simulator: Simulator
}

const MANIFEST = new URL('../../manifest.yml', import.meta.url).pathname
const DOCUMENT = 'HsmSync-us'

/** The simulator's credentials where the SDK looks for them: the same for all of these tests, which run side by side. */
export function withCredentials(): void {
  beforeAll(() => {
    for (const [name, value] of Object.entries(fakeCredentials)) vi.stubEnv(name, value)
  })
  afterAll(() => void vi.unstubAllEnvs())
}

const clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
}

/**
 * The doctor in an installation in which all is well but for what was planted; the policy that `iam` prints is in
 * force.
 */
export async function examine(planted: Planted = {}, words: readonly string[] = []): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'hsm-sync-doctor-'))
  const manifest = join(folder, 'manifest.yml')
  writeFileSync(manifest, (planted.manifest ?? ((text) => text))(readFileSync(MANIFEST, 'utf8')))
  const world = twoClusters(planted.world)
  const simulator = await startSimulator({ world, manifest, bastions: 'in memory' })
  try {
    const healthy = configFor(simulator, {
      required: 2,
      bastion: planted.plain ? [] : [`document: ${DOCUMENT}`],
      route: ['calendar: hsm-windows', `requesters: { users: [${people.requester}] }`],
      settings: [`operators: { users: [${people.approver}] }`],
    })
    const config = (planted.config ?? ((text) => text))(healthy)
    writeFileSync(join(folder, 'config.yml'), config)
    putUp(simulator, healthy)
    simulator.world.update((state) => planted.change?.(state))
    const file = join(folder, 'bot.sqlite')
    await (await openDatabase(`sqlite:${file}`)).db.destroy()
    planted.slack?.(simulator.slack)
    planted.aws?.(simulator.aws)
    await planted.prepare?.({ file, simulator })
    const own = { ...simulator.environment(), DATABASE_URL: `sqlite:${file}`, BOT_CONFIG: join(folder, 'config.yml') }
    const env = (planted.env ?? ((given) => given))(own)
    const printed: string[] = []
    const code = await doctorCommand(words, { env, workingDirectory: folder, clock }, (line) => printed.push(line))
    const text = printed.join('\n')
    return { code, text, lines: text.split('\n'), simulator }
  } finally {
    await simulator.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the settings make, as the operator puts it up, and the bot's policy. */
function putUp(simulator: Simulator, config: string): void {
  const parsed = parseLandscape(parse(config))
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  const { routes } = parsed.landscape
  const document = lockedDocument(sure(routes[0]).bastion, routes)
  simulator.world.update((state) => {
    state.documents[DOCUMENT] = document
    state.calendars['hsm-windows'] = { state: 'OPEN' }
  })
  simulator.aws.obey(sure(iamRoles(parsed.landscape, ACCOUNT).find(({ of }) => of === 'bot')).policy)
}

/** Everything that left this process or was printed, to look for secrets in. */
export function everythingSaid({ text, simulator }: Told): string {
  return [text, JSON.stringify(simulator.aws.calls), JSON.stringify(simulator.slack.calls)].join('\n')
}

export const PASSWORD = plantedPassword
