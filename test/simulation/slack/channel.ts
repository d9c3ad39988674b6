import type { types } from '@slack/bolt'
import { type MessageMark, SlackProblem, type Web } from '../../../src/adapters/slack/api/web.ts'
import type { Message } from '../../../src/adapters/slack/views/blocks.ts'
import type { ThreadFile } from '../../../src/adapters/slack/views/thread.ts'
import type { Random } from '../random.ts'
import { SECOND, START, type Time } from '../time.ts'
import type { Weather } from '../weather.ts'
import type { NewBlocks } from './new-blocks.ts'
import { CHANNEL } from './people.ts'

/** The bot looks at the channel before it shows something: a pass over one request takes less than this. */
const PASS = 120 * SECOND

/** A message as it stands in the channel. */
export interface Posted {
  readonly ts: string
  readonly at: number
  readonly threadTs: string | undefined
  readonly mark: MessageMark | undefined
  readonly file: ThreadFile | undefined
  message: Message | undefined
  changedAt: number
  isDeleted: boolean
}

/** A block of a home tab or a form, as it goes to Slack. */
export interface ShownBlock {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly elements?: unknown
}

/** What somebody's home tab showed from then on. */
export interface HomeShown {
  readonly at: number
  readonly user: string
  readonly blocks: readonly ShownBlock[]
}

/** A form that somebody opened, and all that it showed. */
export interface FormShown {
  readonly id: string
  readonly trigger: string
  readonly memo: string
  readonly shown: Omit<HomeShown, 'user'>[]
}

/** The address of a message. */
export function permalinkOf(channel: string, ts: string): string {
  return `https://example.slack.com/archives/${channel}/p${ts.replace('.', '')}`
}

/** Slack's one channel, as far as the bot writes to it. */
export class Channel implements Web {
  readonly posted: Posted[] = []
  /** What was told to people directly. */
  readonly direct: { readonly at: number; readonly user: string; readonly text: string }[] = []
  /** What was written while another company read along, and had done so for a while. */
  readonly overheard: string[] = []
  /** What Slack refuses by its published rules, and updates of one message within a second. */
  readonly refused: string[] = []
  readonly hasty: string[] = []
  readonly homes: HomeShown[] = []
  readonly forms: FormShown[] = []
  readonly #time: Time
  readonly #random: Random
  readonly #weather: Weather
  readonly #newBlocks: NewBlocks

  constructor(time: Time, random: Random, weather: Weather, newBlocks: NewBlocks) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.#newBlocks = newBlocks
  }

  post(
    channel: string,
    message: Message,
    { threadTs, mark }: { readonly threadTs?: string; readonly mark?: MessageMark },
  ): Promise<string> {
    if (channel !== CHANNEL)
      return this.#call(() => {
        this.direct.push({ at: this.#time.now, user: channel, text: message.text })
        return `${this.#time.now}.1`
      })
    return this.#call(() =>
      this.#written(() => {
        this.#check(message)
        return this.#add({ threadTs, mark, message, file: undefined })
      }),
    )
  }

  update(_channel: string, ts: string, message: Message): Promise<void> {
    return this.#call(() => {
      const found = this.posted.find((one) => one.ts === ts)
      if (!found || found.isDeleted) throw new SlackProblem('message_not_found', undefined)
      this.#written(() => {
        this.#check(message)
        if (this.#time.now - found.changedAt < SECOND) this.hasty.push(`${found.mark?.request} ${found.mark?.slot}`)
        found.message = message
        found.changedAt = this.#time.now
      })
    })
  }

  upload(_channel: string, threadTs: string, file: ThreadFile): Promise<void> {
    return this.#call(() => {
      this.#written(() => this.#add({ threadTs, mark: undefined, message: undefined, file }))
    })
  }

  find(
    { threadTs, since }: { readonly threadTs?: string; readonly since: number },
    what: MessageMark | { readonly file: string },
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

  openView(trigger: string, view: types.View): Promise<string> {
    return this.#call(() => {
      // The bot remembers forms by it, over all runs of one process.
      const id = `view-${this.#random.next()}`
      const shown = [this.#shown(view)]
      this.forms.push({ id, trigger, memo: ('private_metadata' in view && view.private_metadata) || '', shown })
      return id
    })
  }

  updateView(id: string, view: types.View): Promise<void> {
    return this.#call(() => {
      const form = this.forms.find((one) => one.id === id)
      if (!form) throw new SlackProblem('not_found', undefined)
      form.shown.push(this.#shown(view))
    })
  }

  publishHome(user: string, view: types.View): Promise<void> {
    return this.#call(() => {
      this.homes.push({ ...this.#shown(view), user })
    })
  }

  permalink(channel: string, ts: string): Promise<string | undefined> {
    const isThere = () => this.posted.some((message) => message.ts === ts && !message.isDeleted)
    return this.#call(() => (isThere() ? permalinkOf(channel, ts) : undefined)).catch(() => undefined)
  }

  /** Somebody deletes a message; of a card its thread goes with it. */
  remove(message: Posted): void {
    message.isDeleted = true
    for (const reply of this.posted) if (reply.threadTs === message.ts) reply.isDeleted = true
  }

  /**
   * Something is written to the channel, if it takes it. Who looked a moment ago cannot know that it was shared since.
   */
  #written<Answer>(write: () => Answer): Answer {
    const kinds = this.#weather.kindsOf('channel')
    if (kinds.includes('archived')) throw new SlackProblem('is_archived', undefined)
    if (kinds.includes('left')) throw new SlackProblem('not_in_channel', undefined)
    const known = this.#weather.spells.find(({ fault, kind, from, to }) => {
      return fault === 'channel' && kind === 'shared' && from + PASS <= this.#time.now && this.#time.now < to
    })
    if (known) this.overheard.push(`written at +${Math.round((this.#time.now - START) / SECOND)} s`)
    return write()
  }

  #check(message: Message): void {
    this.refused.push(...this.#newBlocks.problemsOf(message.blocks, 'message'))
    if (this.#newBlocks.areRefused(message)) throw new SlackProblem('invalid_blocks', undefined)
  }

  #shown({ type, blocks }: types.View): Omit<HomeShown, 'user'> {
    if (type === 'home' || type === 'modal') this.refused.push(...this.#newBlocks.problemsOf(blocks, type))
    return { at: this.#time.now, blocks: JSON.parse(JSON.stringify(blocks)) }
  }

  #add(message: Omit<Posted, 'ts' | 'at' | 'changedAt' | 'isDeleted'>): string {
    if (message.threadTs !== undefined && this.posted.find(({ ts }) => ts === message.threadTs)?.isDeleted)
      throw new SlackProblem('thread_not_found', undefined)
    const ts = `${Math.floor(this.#time.now / SECOND)}.${`${this.posted.length + 1}`.padStart(6, '0')}`
    const { now } = this.#time
    this.posted.push({ ...message, ts, at: now, changedAt: now, isDeleted: false })
    return ts
  }

  /** One call to Slack: it may fail without effect, or have its effect and lose the answer. */
  async #call<Answer>(effect: () => Answer): Promise<Answer> {
    await this.#time.sleep(this.#random.int(50, 500))
    const fault = this.#weather.spell('slack') ?? (this.#weather.happens('slack', 0.1) ? 'unclear' : undefined)
    if (fault === undefined) return effect()
    if (fault === 'ratelimited') throw new SlackProblem('ratelimited', undefined, this.#random.int(1, 30) * SECOND)
    if (fault === 'unclear' || fault === 'http_503' || fault === 'internal_error') {
      if (this.#random.chance(0.5)) effect()
      await this.#time.sleep(this.#random.int(0, 9) * SECOND)
      throw new SlackProblem('unclear', undefined)
    }
    throw new SlackProblem(fault, undefined)
  }
}
