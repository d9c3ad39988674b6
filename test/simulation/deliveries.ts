import type { Delivery } from '../../src/adapters/slack/incoming/deliveries.ts'
import type { Work } from '../../src/adapters/slack/incoming/inbox.ts'
import type { Incarnation } from './incarnation.ts'
import { CHANNEL } from './slack/people.ts'
import type { Stage } from './stage.ts'

/** Something that somebody did, on its way to an answer. */
export interface Doing {
  readonly by: string
  acknowledgedAt?: number
  /** What was said instead of an answer. */
  told?: string
}

interface Delivered {
  readonly doing: Doing
  readonly answered: () => void
  readonly work: (process: Incarnation, how: Work) => Promise<void>
}

/** What people do, as Slack hands it to the bot: acknowledged, stored, and worked off by whichever process. */
export class Deliveries {
  readonly #stage: Stage
  readonly #delivered: Delivered[] = []

  constructor(stage: Stage) {
    this.#stage = stage
    stage.onDelivery = {
      work: async (process, delivery, how) => {
        await this.#named(delivery)?.work(process, how)
      },
      say: (delivery, text) => {
        const delivered = this.#named(delivery)
        if (!delivered) return
        delivered.doing.told = text
        stage.tell('somebody', 'is told', text)
        delivered.answered()
      },
    }
  }

  /**
   * Hands something to a process. Resolves once it is answered: by this process, or by one that takes it up; never
   * where it was not even acknowledged.
   */
  deliver(process: Incarnation, doing: Doing, work: Delivered['work']): Promise<void> {
    return new Promise((resolve, reject) => {
      const n = this.#delivered.length
      this.#delivered.push({
        doing,
        answered: resolve,
        work: async (worker, how) => {
          await work(worker, how)
          resolve()
        },
      })
      const delivery: Delivery = {
        kind: 'command',
        command: '/simulated',
        text: `${n}`,
        user: doing.by,
        channel: CHANNEL,
        trigger: '',
        respondTo: '',
      }
      const acknowledge = async () => {
        doing.acknowledgedAt = this.#stage.time.now
      }
      process.inbox.receive({ key: `delivery:${n}`, delivery }, acknowledge).catch(reject)
    })
  }

  /** What a use case throws is logged by the listener that called it; the person hears that it did not work. */
  orFail(doing: Promise<void>): void {
    doing.catch((error: unknown) => this.#stage.tell('somebody', 'hears that it did not work', error))
  }

  #named(delivery: Delivery): Delivered | undefined {
    return delivery.kind === 'command' ? this.#delivered[Number(delivery.text)] : undefined
  }
}
