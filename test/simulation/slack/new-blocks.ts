import type { Message } from '../../../src/adapters/slack/views/blocks.ts'
import { ApiError } from '../../simulator/slack/api-error.ts'
import { acceptBlocks, type Surface } from '../../simulator/slack/rules/blocks.ts'
import type { Random } from '../random.ts'
import { MINUTE, START, type Time } from '../time.ts'

const NEW = ['plan', 'data_table'] as const

/** Slack brings new blocks to one workspace after the other: this one may lack them, for ever or until some moment. */
export class NewBlocks {
  readonly #time: Time
  readonly #lacks: ReadonlySet<string>
  readonly #until: number
  #ids = 0

  constructor(time: Time, random: Random) {
    this.#time = time
    this.#lacks = new Set(random.chance(0.3) ? random.pick([NEW, NEW.slice(0, 1), NEW.slice(1)]) : [])
    this.#until = random.chance(0.3) ? START + random.int(1, 8) * MINUTE : Number.MAX_SAFE_INTEGER
  }

  areRefused({ blocks }: Message): boolean {
    return this.#time.now < this.#until && blocks.some(({ type }) => this.#lacks.has(type))
  }

  /** By the rules that hold in every workspace. */
  problemsOf(blocks: readonly unknown[], surface: Surface): readonly string[] {
    try {
      acceptBlocks(blocks, surface, { nextId: () => `${++this.#ids}` })
      return []
    } catch (error) {
      if (error instanceof ApiError) return [[error.code, ...error.details].join(' ')]
      throw error
    }
  }
}
