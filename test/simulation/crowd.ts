import { askAgain } from '../../src/application/ask-again.ts'
import { type Click, decideRequest } from '../../src/application/decide-request.ts'
import { submitRequest } from '../../src/application/submit-request.ts'
import { parseRequestId } from '../../src/domain/ids.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import type { Route } from '../../src/domain/route.ts'
import type { Mode, Scope, Selection } from '../../src/domain/scope.ts'
import type { Deliveries, Doing } from './deliveries.ts'
import type { Incarnation } from './incarnation.ts'
import type { Random } from './random.ts'
import { type Card, cardsIn } from './slack/cards.ts'
import { ASKERS, CHANNEL, EVERYBODY, GROUPED, LISTED } from './slack/people.ts'
import type { Stage } from './stage.ts'
import { MINUTE, SECOND, START } from './time.ts'

/** What somebody asked for; its reason is its name. */
export interface Asked extends Doing {
  readonly reason: string
  readonly route: Route
  readonly mode: Mode
  readonly scope: Scope
  readonly at: number
  /** The request's id, or why it was refused; absent while, or because, nobody answered. */
  answer?: { readonly id: string } | { readonly refused: string }
}

export interface Clicked extends Doing, Pick<Click, 'by' | 'verdict' | 'shown'> {
  readonly request: string
  readonly from: number
  /** When the answer came; for ever later where a crash took it. */
  to: number
  /** The state after it, or the rule that refused it. */
  answer?: { readonly state: string } | { readonly refused: string }
}

/** The people: who asks what, and who clicks which button, by seed. */
export class Crowd {
  readonly asked: Asked[] = []
  readonly clicked: Clicked[] = []
  readonly #stage: Stage
  readonly #random: Random
  readonly #process: () => Incarnation | undefined
  readonly #oldCards: Card[] = []
  readonly #deliveries: Deliveries

  constructor(stage: Stage, deliveries: Deliveries, process: () => Incarnation | undefined) {
    this.#stage = stage
    this.#deliveries = deliveries
    this.#process = process
    this.#random = stage.random('crowd')
    stage.whenPlanning = () => this.#stopAll()
  }

  /** Plans what people do until faults end, and a little longer. */
  plan(): void {
    const { time, weather } = this.#stage
    const random = this.#random
    const asks = random.int(2, 4)
    for (let n = 0; n < asks; n++) time.at(START + random.int(1, n === 0 ? 15 : 240) * SECOND, () => this.#ask(2))
    for (let n = 0; n < random.int(12, 28); n++) {
      time.at(START + random.int(5 * SECOND, weather.clearFrom - START + MINUTE), () => this.#attend())
    }
    // Approvers sit there at the beginning, or nothing would ever run.
    for (let n = 0; n < 9; n++) time.at(START + random.int(12, 120) * SECOND, () => this.#attend())
  }

  /** Somebody asks, and again a little later where that was refused. */
  #ask(tries: number): void {
    const process = this.#process()
    // Once it is clear nobody files anything more: it is seen whether every destination is free.
    if (!process || this.#stage.weather.isClear()) return
    const random = this.#random
    const asked: Asked = {
      reason: `ask-${this.asked.length + 1}`,
      by: random.chance(0.05) ? random.pick(EVERYBODY) : random.pick(ASKERS),
      route: random.pick(this.#stage.landscape.routes),
      mode: random.chance(0.12) ? 'plan' : 'sync',
      scope: { users: this.#users(), keys: this.#keys() },
      at: this.#stage.time.now,
    }
    const submitted = this.submit(process, asked).then((answer) => {
      if ('refused' in answer && tries > 0)
        this.#stage.time.after(random.int(15, 90) * SECOND, () => this.#ask(tries - 1))
    })
    this.#deliveries.orFail(submitted)
  }

  /** Answers the request's id, or the rule that refused it. */
  async submit(process: Incarnation, asked: Asked): Promise<NonNullable<Asked['answer']>> {
    const random = this.#random
    const { by, route, mode, scope, reason } = asked
    this.asked.push(asked)
    this.#stage.tell(
      by,
      `asks for ${mode} ${route.source.alias} → ${route.destination.alias} (${reason}), scope ${JSON.stringify(scope)}`,
    )
    await this.#deliveries.deliver(process, asked, async (worker, how) => {
      const filed = await submitRequest(worker.work.deps, {
        requestedBy: by,
        channel: CHANNEL,
        source: route.source.alias,
        destination: route.destination.alias,
        mode,
        scope,
        reason,
        delivery: how,
      })
      asked.answer = isRefusal(filed) ? { refused: filed.refused.code } : { id: filed.id }
      this.#stage.tell(by, `is told about ${reason}`, isRefusal(filed) ? filed.refused : filed.id)
      // Somebody always comes at the last moment, or just after it.
      if ('expiresAt' in filed && random.chance(0.3))
        this.#stage.time.at(filed.expiresAt + random.int(-2 * SECOND, 9 * SECOND), () => this.#attend())
    })
    return asked.answer ?? { refused: asked.told ?? 'not told' }
  }

  #users(): Selection<string> {
    const random = this.#random
    if (random.chance(0.75)) return { kind: 'all' }
    return random.chance(0.4)
      ? { kind: 'none' }
      : { kind: 'listed', items: [random.pick(['jdoe', 'kmiller', 'nobody'])] }
  }

  #keys(): Selection<number> {
    const random = this.#random
    if (random.chance(0.75)) return { kind: 'all' }
    return random.chance(0.4) ? { kind: 'none' } : { kind: 'listed', items: [random.pick([262_150, 262_153, 999])] }
  }

  /** Somebody looks at the channel and clicks something, or nothing. */
  #attend(): void {
    const random = this.#random
    const cards = cardsIn(this.#stage.channel)
    const card =
      random.chance(0.04) && this.#oldCards.length > 0
        ? random.pick(this.#oldCards)
        : (cards.findLast(({ buttons }) => buttons.length > 1) ?? cards.at(-1))
    if (!card) return
    this.#oldCards.push(card)
    const button = this.#buttonOf(card)
    const times = random.chance(0.1) ? 2 : 1
    for (let n = 0; n < times; n++) this.#press(card, button)
  }

  #buttonOf({ buttons }: Card): string {
    const weights = { approve: 20, reject: 1, withdraw: buttons.includes('approve') ? 1 : 2, ask_again: 12, '': 4 }
    const possible = Object.entries(weights).filter(([name]) => name === '' || buttons.includes(name))
    return this.#random.weighted(possible)
  }

  #press(card: Card, button: string): void {
    const process = this.#process()
    if (!process) return
    if (button === 'approve' || button === 'reject' || button === 'withdraw')
      this.#deliveries.orFail(this.#decide(process, card, button))
    if (button === 'ask_again') this.#deliveries.orFail(this.#askAgain(process, card))
  }

  /** Whoever asked for something that runs now wants it to stop. */
  #stopAll(): void {
    const { channel, database } = this.#stage
    const process = this.#process()
    if (!process) return
    const rows = database.raw.prepare("select id, requested_by as by from requests where state = 'running'").all()
    for (const row of rows) {
      const { id, by }: { readonly id: string; readonly by: string } = JSON.parse(JSON.stringify(row))
      const card = cardsIn(channel).find(({ request }) => request === id)
      if (card && by !== 'bot') this.#deliveries.orFail(this.#decide(process, card, 'withdraw', by))
    }
  }

  async #decide(
    process: Incarnation,
    { request, digest, ts }: Card,
    verdict: Click['verdict'],
    by = this.#clicker(verdict),
  ): Promise<void> {
    const { time } = this.#stage
    const id = parseRequestId(request)
    if (!id) return
    // Some type it, from the digest that they read.
    const shown = this.#random.chance(0.15)
      ? ({ kind: 'typed', digest: digest.slice(0, 12) } as const)
      : ({ kind: 'card', digest, ts } as const)
    const click: Clicked = { by, verdict, request, shown, from: time.now, to: Number.MAX_SAFE_INTEGER }
    this.clicked.push(click)
    this.#stage.tell(by, `clicks ${verdict} on ${request}`)
    await this.#deliveries.deliver(process, click, async (worker, how) => {
      const decided = await decideRequest(worker.work.deps, {
        by,
        request: id,
        shown,
        verdict,
        delivery: how,
        ...(verdict === 'reject' ? { reason: 'not now' } : {}),
      })
      click.to = time.now
      click.answer = isRefusal(decided) ? { refused: decided.refused.code } : { state: decided.state }
      this.#stage.tell(by, `is told about ${verdict} on ${request}`, click.answer)
    })
  }

  #clicker(verdict: Click['verdict']): string {
    const random = this.#random
    if (random.chance(0.15)) return random.pick(EVERYBODY)
    return verdict === 'withdraw' ? random.pick(ASKERS) : random.pick([...LISTED, ...GROUPED])
  }

  async #askAgain(process: Incarnation, card: Card): Promise<void> {
    const { time } = this.#stage
    const by = this.#random.pick(ASKERS)
    const before = this.asked.find(({ answer }) => answer && 'id' in answer && answer.id === card.request)
    if (!before) return
    this.#stage.tell(by, `asks again for what ${card.request} was for`)
    const { answer: _, told: _told, acknowledgedAt: _at, ...same } = before
    const again: Asked = { ...same, by, at: time.now }
    this.asked.push(again)
    await this.#deliveries.deliver(process, again, async (worker, how) => {
      const filed = await askAgain(worker.work.deps, { request: card.request, by, channel: CHANNEL, delivery: how })
      again.answer = isRefusal(filed) ? { refused: filed.refused.code } : { id: filed.id }
      this.#stage.tell(by, 'is told about asking again', again.answer)
    })
  }
}
