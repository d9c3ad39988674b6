import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Platform } from '../../src/domain/platform.ts'
import type { OutputBlock } from '../../src/engines/printed.ts'
import { parseBlock } from '../../src/engines/printed.ts'
import { packed } from '../../src/engines/script-lines.ts'
import { PLATFORMS_HERE, Bastion as RealBastion, session, tool } from '../fixtures/bastion.ts'
import { Bastion as ModelBastion } from '../simulation/bastion/bastion.ts'
import { playCmu } from '../simulation/bastion/play-cmu.ts'
import type { Said } from '../simulation/bastion/tool.ts'
import { Random } from '../simulation/random.ts'
import { Time } from '../simulation/time.ts'

// The simulation's bastion in memory is held to the real scripts: the same commands, kills and full disks, by seed, and
// the same answers.

const canMount = spawnSync('sh', ['-c', 'id -u && unshare -m true']).stdout.toString().startsWith('0')
if (!canMount)
  console.warn(
    'SKIPPED: only root can mount small disks, so the simulated bastion is NOT compared with the real one here',
  )

const DIALOGUES: readonly (readonly string[])[] = [
  ['send one', 'send two'],
  ['mark login', 'send one', 'mark read', 'send two'],
  ['mark login', 'send one', 'mark write', 'send two', 'send three'],
  ['mark login', 'need what it never says', 'send one'],
  ['mark write', 'send ask', 'send two'],
  ['mark login', 'send fill', 'mark write', 'send two'],
]
const HANGING = ['mark login', 'send one', 'mark write', 'send hang']

type Deed =
  | { readonly do: 'session' | 'killed'; readonly operation: string; readonly dialogue: readonly string[] }
  | { readonly do: 'fetch' | 'seal'; readonly operation: string }
  | { readonly do: 'fill' | 'free' }

/** What both are told to do, by seed. */
function deedsOf(seed: number): readonly Deed[] {
  const random = new Random(seed, 'deeds')
  return Array.from({ length: 9 }, (): Deed => {
    const operation = `AB12.${random.int(1, 3)}`
    const what = random.weighted([
      ['session', 5],
      ['killed', 2],
      ['fetch', 4],
      ['seal', 3],
      ['fill', 1],
      ['free', 2],
    ] as const)
    if (what === 'fill' || what === 'free') return { do: what }
    if (what === 'fetch' || what === 'seal') return { do: what, operation }
    return { do: what, operation, dialogue: what === 'killed' ? HANGING : random.pick(DIALOGUES) }
  })
}

/** As far as the bot decides by it. */
function told(block: OutputBlock | undefined): object {
  const { action, result, recorded, mark } = block ?? {}
  return { action, result, recorded, mark }
}

class Real {
  readonly bastion: RealBastion

  constructor(platform: Platform) {
    this.bastion = new RealBastion(platform)
    const { state } = this.bastion
    mkdirSync(state, { recursive: true })
    run('mount', '-t', 'tmpfs', '-o', 'mode=700,size=256k,nr_inodes=400', 'tmpfs', state)
    const fill = `cat /dev/zero >"${state}/filler" 2>/dev/null; echo full`
    this.bastion.install(
      'cmu',
      tool(`hang) sleep 60 ;; ask) printf 'Retry/Ignore/Abort?(R/I/A): '; read -r _ ;; fill) ${fill} ;;`),
    )
  }

  async does(deed: Deed): Promise<object | undefined> {
    const filler = join(this.bastion.state, 'filler')
    switch (deed.do) {
      case 'fill':
        spawnSync('sh', ['-c', `cat /dev/zero >"${filler}" 2>/dev/null`])
        return undefined
      case 'free':
        rmSync(filler, { force: true })
        return undefined
      case 'session':
        return told((await this.bastion.session(deed.operation, deed.dialogue)).block)
      case 'killed':
        await this.#killed(deed.operation, deed.dialogue)
        return undefined
      default:
        return told((await this.bastion.fetch(deed.operation, deed.do === 'seal' ? { seal: 'yes' } : {})).block)
    }
  }

  /** Power goes while the tool hangs; where the script ends by itself, it is over before. */
  async #killed(operation: string, dialogue: readonly string[]): Promise<void> {
    const before = this.bastion.told().filter((line) => line === 'hang').length
    const started = this.bastion.start(session(operation, dialogue))
    let isOver = false
    const over = started.result.then(() => {
      isOver = true
    })
    while (!isOver && this.bastion.told().filter((line) => line === 'hang').length === before)
      await new Promise((resolve) => setTimeout(resolve, 25))
    if (!isOver) await started.kill()
    await over
  }

  remove(): void {
    run('umount', '-l', this.bastion.state)
    this.bastion.remove()
  }
}

class Model {
  readonly #time = new Time()
  #isFull = false
  readonly #bastion = new ModelBastion({
    time: this.#time,
    name: 'model',
    diskFault: () => (this.#isFull ? 'full' : undefined),
    tmpfsFault: () => undefined,
    canRead: () => true,
    secret: () => undefined,
    started: () => undefined,
    ended: () => undefined,
    tool: {
      readConfig: () => ({ text: '', detail: '' }),
      prepare: () => ({ text: '', detail: '' }),
      play: (played, _config, data) =>
        playCmu(played, { start: () => this.#says('Connected'), say: (line) => this.#says(line) }, unpacked(data)),
    },
  })

  async does(deed: Deed): Promise<object | undefined> {
    switch (deed.do) {
      case 'fill':
      case 'free':
        this.#isFull = deed.do === 'fill'
        return undefined
      case 'session':
        return told(await this.#run({ ...session(deed.operation, deed.dialogue) }))
      case 'killed': {
        const running = this.#run({ ...session(deed.operation, deed.dialogue) }, 60_000)
        await running
        return undefined
      }
      default:
        return told(
          await this.#run({ action: 'fetch', operation: deed.operation, seal: deed.do === 'seal' ? 'yes' : 'no' }),
        )
    }
  }

  async #says(line: string): Promise<Said> {
    if (line === 'ask') return { text: 'Retry/Ignore/Abort?(R/I/A): ', end: 'question' }
    if (line === 'hang') await this.#time.sleep(120_000)
    if (line === 'fill') this.#isFull = true
    return { text: `did ${line}\naws-cloudhsm>`, end: 'prompt' }
  }

  /** `rebootAfter`: power goes then, if it still runs. */
  async #run(data: Readonly<Record<string, string>>, rebootAfter?: number): Promise<OutputBlock | undefined> {
    const words = Object.entries(data).map(([name, value]) => `'${name}=${value}'`)
    let output: string | undefined
    let isOver = false
    void this.#bastion.run([`set -- ${words.join(' ')}`]).then((ended) => {
      output = ended?.output
      isOver = true
    })
    if (rebootAfter !== undefined) this.#time.after(rebootAfter, () => this.#bastion.reboot())
    await this.#time.run(() => isOver)
    return output === undefined ? undefined : parseBlock(output)
  }
}

function unpacked(data: ReadonlyMap<string, string>): string {
  const text = data.get('dialogue') ?? ''
  const known = [...DIALOGUES, HANGING].find((dialogue) => packed(`${dialogue.join('\n')}\n`) === text)
  return `${(known ?? []).join('\n')}\n`
}

function run(...argv: readonly string[]): void {
  const [command = '', ...rest] = argv
  const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
}

describe.skipIf(!canMount).each(PLATFORMS_HERE)('the bastion of the simulation (%s)', (platform) => {
  let real: Real | undefined
  afterEach(() => real?.remove())

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('answers as the real script does (seed %i)', async (seed) => {
    real = new Real(platform)
    const model = new Model()
    const deeds = deedsOf(seed)
    const answers: { readonly real: unknown[]; readonly model: unknown[] } = { real: [], model: [] }
    for (const deed of deeds) {
      answers.real.push([deed, await real.does(deed)])
      answers.model.push([deed, await model.does(deed)])
    }
    expect(answers.model).toEqual(answers.real)
  })
})
