import type { Message } from '../../../src/adapters/slack/views/blocks.ts'
import type { ThreadFile } from '../../../src/adapters/slack/views/picture.ts'
import { SlackProblem, type SlotMark, type Web } from '../../../src/adapters/slack/web.ts'
import type { Random } from '../random.ts'
import { SECOND, type Time } from '../time.ts'
import type { Weather } from '../weather.ts'

/** A message as it stands in the channel. */
export interface Posted {
  readonly ts: string
  readonly at: number
  readonly threadTs: string | undefined
  readonly mark: SlotMark | undefined
  readonly file: ThreadFile | undefined
  message: Message | undefined
  isDeleted: boolean
}

/** Slack's one channel, as far as the bot writes to it. */
export class Channel implements Web {
  readonly posted: Posted[] = []
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather

  constructor(time: Time, random: Random, weather: Weather) {
    this.#time = time
    this.#random = random
    this.#weather = weather
  }

  post(
    _channel: string,
    message: Message,
    { threadTs, mark }: { readonly threadTs?: string; readonly mark?: SlotMark },
  ): Promise<string> {
    return this.#call(() => this.#add({ threadTs, mark, message, file: undefined }))
  }

  update(_channel: string, ts: string, message: Message): Promise<void> {
    return this.#call(() => {
      const found = this.posted.find((one) => one.ts === ts)
      if (!found || found.isDeleted) throw new SlackProblem('message_not_found', undefined)
      found.message = message
    })
  }

  upload(_channel: string, threadTs: string, file: ThreadFile): Promise<void> {
    return this.#call(() => {
      this.#add({ threadTs, mark: undefined, message: undefined, file })
    })
  }

  find(
    { threadTs, since }: { readonly threadTs?: string; readonly since: number },
    what: SlotMark | { readonly file: string },
  ): Promise<string | undefined> {
    return this.#call(() => {
      const place = this.posted.filter(
        (one) => !one.isDeleted && one.threadTs === threadTs && (threadTs !== undefined || one.at >= since - 60_000),
      )
      return place.find((one) => {
        if ('file' in what) return one.file?.name === what.file
        return one.mark?.request === what.request && one.mark.slot === what.slot
      })?.ts
    })
  }

  async whisper(): Promise<void> {}
  async openView(): Promise<void> {}
  async permalink(): Promise<string | undefined> {
    return undefined
  }

  /** Somebody deletes a message; of a card its thread goes with it. */
  remove(message: Posted): void {
    message.isDeleted = true
    for (const reply of this.posted) if (reply.threadTs === message.ts) reply.isDeleted = true
  }

  #add(message: Omit<Posted, 'ts' | 'at' | 'isDeleted'>): string {
    if (message.threadTs !== undefined && this.posted.find(({ ts }) => ts === message.threadTs)?.isDeleted)
      throw new SlackProblem('thread_not_found', undefined)
    const ts = `${Math.floor(this.#time.now / SECOND)}.${`${this.posted.length + 1}`.padStart(6, '0')}`
    this.posted.push({ ...message, ts, at: this.#time.now, isDeleted: false })
    return ts
  }

  /** One call to Slack: it may fail without effect, or have its effect and lose the answer. */
  async #call<Answer>(effect: () => Answer): Promise<Answer> {
    await this.#time.sleep(this.#random.int(50, 500))
    const trouble = this.#weather.spell('slack') ?? (this.#weather.happens('slack', 0.1) ? 'unclear' : undefined)
    if (trouble === undefined) return effect()
    if (trouble === 'ratelimited') throw new SlackProblem('ratelimited', undefined, this.#random.int(1, 30) * SECOND)
    if (trouble === 'unclear' || trouble === 'http_503') {
      if (this.#random.chance(0.5)) effect()
      await this.#time.sleep(this.#random.int(0, 9) * SECOND)
      throw new SlackProblem('unclear', undefined)
    }
    throw new SlackProblem(trouble, undefined)
  }
}
