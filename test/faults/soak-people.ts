import { setTimeout as wait } from 'node:timers/promises'
import { STATE_FACES } from '../../src/adapters/slack/views/states.ts'
import type { RequestState } from '../../src/domain/request.ts'
import type { Simulator } from '../simulator/index.ts'
import type { Delivery, MessageRecord } from '../simulator/slack/records.ts'
import { channels, people } from '../simulator/worlds.ts'
import type { Dice } from './soak-dice.ts'
import { holdings, type Pair } from './soak-world.ts'

/** What becomes of an ask, as far as people have a say. */
type Fate = 'approve' | 'reject' | 'withdraw' | 'stop' | 'leave'

/** Up to which chance; what is left is left open, if nobody asks after it. */
const FATES: readonly (readonly [number, Fate])[] = [
  [0.18, 'reject'],
  [0.32, 'withdraw'],
  [0.4, 'stop'],
  [0.85, 'approve'],
]

/** How long people look at what they typed or clicked before they do it again. */
const PATIENCE_MS = { card: 15_000, click: 6_000 } as const

interface Ask {
  /** Stands in the reason and nowhere else. */
  readonly mark: string
  readonly fate: Fate
  /** The options of `/hsm-sync`. */
  readonly options: string
}

export interface Crowd {
  readonly simulator: Simulator
  readonly dice: Dice
  readonly pairs: readonly Pair[]
  /** Where the next delivery goes. */
  readonly nextUrl: () => string
  /** People go home then, whatever is left. */
  readonly until: number
}

export interface Deeds {
  commands: number
  clicks: number
  /** Errors that people saw because nobody answered. */
  unanswered: number
  readonly acks: number[]
  /** Asks that nobody got a card for. */
  readonly unheard: string[]
}

/**
 * Everybody at once: each pair of clusters has its own asks, one after the other, as only one may be open for a
 * destination.
 */
export async function crowdActs(crowd: Crowd, requests: number): Promise<Deeds> {
  const deeds: Deeds = { commands: 0, clicks: 0, unanswered: 0, acks: [], unheard: [] }
  const perPair = crowd.pairs.map((_, at) => Math.ceil((requests - at) / crowd.pairs.length))
  await Promise.all(
    crowd.pairs.map(async (pair, at) => {
      const asks = Array.from({ length: perPair[at] ?? 0 }, (_, number) =>
        askOf(crowd.dice, `${pair.name}${number}`, number === (perPair[at] ?? 0) - 1),
      )
      const fates = new Map(asks.map((ask) => [ask.mark, ask.fate]))
      await wait(crowd.dice.roll(`start ${pair.name}`) * 3_000)
      const route = new Route(crowd, pair, deeds)
      for (const ask of asks) await followAsk(route, ask, fates)
    }),
  )
  return deeds
}

function askOf(dice: Dice, name: string, isLast: boolean): Ask {
  const chance = dice.roll(`fate ${name}`)
  const fate = FATES.find(([share]) => chance < share)?.[1] ?? (isLast ? 'leave' : 'approve')
  const { user, keys } = dice.pick(`whom ${name}`, holdings)
  const other = dice.pick(`whose ${name}`, holdings)
  const options = dice.pick(`options ${name}`, [
    `users=${user} keys=${keys.join()}`,
    `users=${user},${other.user} keys=none`,
    `users=${user} keys=none`,
    `users=none keys=${keys.join()}`,
    'mode=plan',
    'mode=plan users=all keys=none',
    'users=all keys=all',
  ])
  return { mark: `mark-${name}-end`, fate, options }
}

/** Asks until there is a card, and does with every card of the route what was decided for it, until it ends. */
async function followAsk(route: Route, ask: Ask, fates: ReadonlyMap<string, Fate>): Promise<void> {
  const { until } = route.crowd
  while (Date.now() < until) {
    const open = route.openCard()
    if (open) {
      const fate = fates.get(route.markOf(open)) ?? 'leave'
      if (fate === 'leave' && route.pair.expiresAfter !== '1m') return
      await route.decide(open, fate)
      continue
    }
    if (route.cards().some((card) => route.markOf(card) === ask.mark)) return
    await route.ask(ask)
    const deadline = Math.min(until, Date.now() + PATIENCE_MS.card)
    const isThere = () => route.openCard() ?? route.cards().find((card) => route.markOf(card) === ask.mark)
    while (!isThere() && Date.now() < deadline) await wait(150)
  }
  if (!route.cards().some((card) => route.markOf(card) === ask.mark)) route.deeds.unheard.push(ask.mark)
}

/** One route, as the people who work on it see it. */
class Route {
  readonly crowd: Crowd
  readonly pair: Pair
  readonly deeds: Deeds
  readonly #marks = new Map<string, string>()

  constructor(crowd: Crowd, pair: Pair, deeds: Deeds) {
    this.crowd = crowd
    this.pair = pair
    this.deeds = deeds
  }

  cards(): MessageRecord[] {
    const { slack } = this.crowd.simulator
    return slack.messages(channels.route).filter((message) => message.text.includes(`→ ${this.pair.destination} (`))
  }

  openCard(): MessageRecord | undefined {
    return this.cards().find((card) => /pending|approved|running/.test(shownState(card) ?? ''))
  }

  /** The reason of a card never changes. */
  markOf(card: MessageRecord): string {
    const known = this.#marks.get(card.ts)
    if (known !== undefined) return known
    const mark = /mark-\w+-end/.exec(JSON.stringify(card.blocks))?.[0] ?? ''
    this.#marks.set(card.ts, mark)
    return mark
  }

  async ask({ mark, options }: Ask): Promise<void> {
    const text = `${this.pair.source} ${this.pair.destination} ${options} ${mark}`
    this.deeds.commands++
    await this.#send((slack) => slack.command(people.requester, channels.route, '/hsm-sync', text))
  }

  /** One try at what the fate says, then a look whether it took effect. */
  async decide(card: MessageRecord, fate: Fate): Promise<void> {
    const state = shownState(card)
    if (state === 'pending' && (fate === 'approve' || fate === 'stop')) await this.#approve(card)
    else if (state === 'pending' && fate === 'reject') await this.#reject(card)
    else if (state === 'pending' && fate === 'withdraw') await this.#click(people.requester, card, 'withdraw')
    else if (state === 'running' && fate === 'stop') await this.#click(people.requester, card, 'withdraw')
    const deadline = Date.now() + PATIENCE_MS.click
    while (shownState(card) === state && Date.now() < deadline) await wait(150)
  }

  async #approve(card: MessageRecord): Promise<void> {
    const { dice } = this.crowd
    const mark = this.markOf(card)
    if (dice.roll(`meddling ${mark}`) < 0.15)
      await this.#click(
        dice.pick(`meddler ${mark}`, [people.outsider, people.requester, people.guest]),
        card,
        'approve',
      )
    const approvers = [people.approver, people.secondApprover, people.groupApprover]
    const first = Math.floor(dice.roll(`approver ${mark}`) * approvers.length)
    for (let at = 0; at < this.pair.required; at++) {
      const approver = approvers[(first + at) % approvers.length] ?? people.approver
      const delivery = await this.#click(approver, card, 'approve')
      if (delivery && dice.roll(`again ${mark}`) < 0.15) await this.#send((slack) => slack.replay(delivery))
    }
  }

  async #reject(card: MessageRecord): Promise<void> {
    const { slack } = this.crowd.simulator
    const isOurs = (view: { readonly state: string; readonly view: unknown }) =>
      view.state === 'open' && JSON.stringify(view.view).includes(card.ts)
    await this.#click(people.approver, card, 'reject')
    for (let look = 0; look < 15 && !slack.views(people.approver).some(isOurs); look++) await wait(150)
    const view = slack.views(people.approver).find(isOurs)
    if (view) await this.#send(() => slack.submitView(people.approver, view, { reason: { text: 'not today' } }))
  }

  async #click(by: string, card: MessageRecord, action: string): Promise<Delivery | undefined> {
    this.deeds.clicks++
    return this.#send((slack) => slack.click(by, { channel: channels.route, ts: card.ts }, action))
  }

  /** Over the load balancer: nobody at the other end is an error that the person sees, and tries again later. */
  async #send(act: (slack: Simulator['slack']) => Promise<Delivery>): Promise<Delivery | undefined> {
    const { slack } = this.crowd.simulator
    slack.connectTo(this.crowd.nextUrl())
    try {
      const delivery = await act(slack)
      this.deeds.acks.push(delivery.ackMs)
      return delivery
    } catch (error) {
      // A button that has just gone is no error of the bot.
      if (!/has no (approve|reject|withdraw)/.test(String(error))) this.deeds.unanswered++
      return undefined
    }
  }
}

/** The state that a card's first line tells. */
export function shownState(card: MessageRecord): RequestState | undefined {
  const states = Object.keys(STATE_FACES) as RequestState[]
  return states.find((state) => card.text.startsWith(`${STATE_FACES[state].icon} ${STATE_FACES[state].title}: `))
}
