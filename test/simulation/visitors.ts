import type { ListenerDeps } from '../../src/adapters/slack/incoming/answer.ts'
import { formSubmitted, openForm, readForm, routeChosen } from '../../src/adapters/slack/incoming/sync-form.ts'
import { ACTIONS } from '../../src/adapters/slack/views/actions.ts'
import { routeValue } from '../../src/adapters/slack/views/sync-form.ts'
import { askExactly } from '../../src/application/ask-exactly.ts'
import { resumeWatch } from '../../src/application/resume-watch.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import type { Route } from '../../src/domain/route.ts'
import { EVERYTHING } from '../../src/domain/scope.ts'
import type { Crowd } from './crowd.ts'
import type { Deliveries, Doing } from './deliveries.ts'
import type { Incarnation } from './incarnation.ts'
import type { Random } from './random.ts'
import { buttonsOf, textOf } from './slack/cards.ts'
import { ASKERS, CHANNEL, EVERYBODY, GROUPED, LISTED, OTHERS } from './slack/people.ts'
import type { Stage } from './stage.ts'
import { MINUTE, SECOND, START } from './time.ts'

/** Somebody says that the watch of a route may go on. */
export interface Resumed extends Doing {
  readonly route: string
  readonly from: number
  to: number
  answer?: 'it looks again' | { readonly refused: string }
}

/** Somebody asks for exactly what a comparison of the watch found, by its message. */
export interface Exactly {
  readonly request: string
  /** What its message said. */
  readonly text: string
}

/** Somebody opens the form, and chooses one route after the other. */
export interface FormVisit {
  readonly by: string
  readonly trigger: string
  readonly chosen: { readonly route: Route; readonly at: number }[]
}

/**
 * The people once more: who looks at their home tab, fills in the form, and presses the buttons of a watch. By dice of
 * their own, in some of the runs.
 */
export class Visitors {
  readonly resumed: Resumed[] = []
  readonly exactly: Exactly[] = []
  readonly forms: FormVisit[] = []
  /** What a form answered, and should not have. */
  readonly wrong: string[] = []
  readonly haveHomesOpen: boolean
  readonly #stage: Stage
  readonly #crowd: Crowd
  readonly #deliveries: Deliveries
  readonly #process: () => Incarnation | undefined

  constructor(stage: Stage, crowd: Crowd, deliveries: Deliveries, process: () => Incarnation | undefined) {
    this.#stage = stage
    this.#crowd = crowd
    this.#deliveries = deliveries
    this.#process = process
    this.haveHomesOpen = stage.random('last homes').chance(stage.weather.faults.has('slack') ? 0.7 : 0.3)
  }

  plan(): void {
    const { time, weather, landscape } = this.#stage
    const from = START + 10 * SECOND
    const often = (random: Random, count: number, last: number, visit: (random: Random) => void) => {
      for (let n = 0; n < count; n++) time.at(random.int(from, last), () => visit(random))
    }
    const home = this.#stage.random('homes')
    if (home.chance(weather.faults.has('slack') ? 0.7 : 0.25))
      often(home, home.int(3, 9), weather.clearFrom, (random) => this.#openHome(random))
    const form = this.#stage.random('forms')
    // There is more to choose from.
    if (form.chance(landscape.routes.length > 1 ? 0.6 : 0.4))
      often(form, form.int(1, 4), START + 4 * MINUTE, (random) => this.#openForm(random))
    const board = this.#stage.random('board')
    if (landscape.routes.some(({ watch }) => watch) && board.chance(0.6))
      often(board, board.int(4, 14), weather.clearFrom + 2 * MINUTE, (random) => this.#lookAtWatch(random))
  }

  /** At the end, in some of the runs, everybody looks at their home tab. */
  openHomes(process: Incarnation): void {
    if (!this.haveHomesOpen) return
    for (const user of EVERYBODY) process.work.homes.opened(user)
  }

  #openHome(random: Random): void {
    const user = random.pick(EVERYBODY)
    this.#stage.tell(user, 'opens the home tab')
    this.#process()?.work.homes.opened(user)
  }

  #openForm(random: Random): void {
    const process = this.#process()
    const { time, weather, landscape } = this.#stage
    if (!process || weather.isClear()) return
    const by = random.chance(0.3) ? random.pick(OTHERS) : random.pick(ASKERS)
    const visit: FormVisit = { by, trigger: `trigger-${this.forms.length}`, chosen: [] }
    this.forms.push(visit)
    this.#stage.tell(by, 'opens the form')
    const command = { command: '/hsm-sync', text: '', user: by, channel: CHANNEL, trigger: visit.trigger }
    const answer = async ({ text }: { readonly text: string }) => this.#stage.tell(by, 'is told', text)
    this.#deliveries.orFail(
      openForm(listenerDeps(process), { kind: 'command', respondTo: '', ...command }, answer).then(() => undefined),
    )
    let at = time.now + random.int(2, 12) * SECOND
    const first = random.int(0, landscape.routes.length - 1)
    for (let n = 0; n < random.int(1, 4); n++) {
      const route = landscape.routes[(first + n) % landscape.routes.length]
      if (route) time.at(at, () => this.#choose(visit, route))
      at += random.chance(0.7) ? random.int(20, 400) : random.int(1, 6) * SECOND
    }
    if (random.chance(0.6)) time.at(at + random.int(1, 40) * SECOND, () => this.#send(visit, random))
  }

  #choose(visit: FormVisit, route: Route): void {
    const process = this.#process()
    const form = this.#stage.channel.forms.find(({ trigger }) => trigger === visit.trigger)
    if (!process || !form) return
    const value = routeValue(route)
    visit.chosen.push({ route, at: this.#stage.time.now })
    this.#stage.tell(visit.by, `chooses ${route.source.alias} → ${route.destination.alias}`)
    this.#deliveries.orFail(
      routeChosen(listenerDeps(process), {
        ...{ kind: 'click', button: ACTIONS.chooseRoute, value, block: 'route', user: visit.by },
        ...{ channel: '', ts: '', trigger: '', view: { id: form.id, memo: form.memo } },
      }),
    )
  }

  /** Sends the form, sometimes with a field that cannot be read. */
  #send(visit: FormVisit, random: Random): void {
    const process = this.#process()
    const { channel, time, landscape, weather } = this.#stage
    const form = channel.forms.find(({ trigger }) => trigger === visit.trigger)
    const route = visit.chosen.at(-1)?.route
    if (!process || !form || !route || weather.isClear()) return
    const isWrong = random.chance(0.3)
    const reason = `form-${this.forms.indexOf(visit)}`
    const fields = { route: routeValue(route), mode: 'sync', users: 'all', keys: isWrong ? 'seven' : '', reason }
    const read = readForm(landscape, { fields, memo: form.memo }, time.now)
    const problems = 'problems' in read ? Object.keys(read.problems).join() : ''
    if (problems !== (isWrong ? 'keys' : ''))
      this.wrong.push(`the form complains about "${problems}" of ${fields.keys}`)
    if ('problems' in read) return
    const asked = { reason, by: visit.by, route, mode: 'sync', scope: EVERYTHING, at: time.now } as const
    const record = { ...asked }
    this.#crowd.asked.push(record)
    this.#stage.tell(visit.by, `sends the form (${reason})`)
    this.#deliveries.orFail(
      this.#deliveries.deliver(process, record, async (worker, how) => {
        const answer = async ({ text }: { readonly text: string }) => {
          Object.assign(record, { told: text })
          this.#stage.tell(visit.by, 'is told', text)
        }
        await formSubmitted(listenerDeps(worker), read.words, { by: visit.by, channel: CHANNEL, answer, how })
      }),
    )
  }

  /** Somebody sees the newest message of a watch, and presses what it offers. */
  #lookAtWatch(random: Random): void {
    const { channel, weather } = this.#stage
    const messages = channel.posted.filter(({ mark, isDeleted }) => mark?.request.startsWith('watch:') && !isDeleted)
    const message = random.chance(0.1) ? messages[0] : messages.at(-1)
    if (!message) return
    for (const { action, value } of buttonsOf(message)) {
      if (action === ACTIONS.watchAgain && random.chance(0.7)) this.#lookAgain(random, value)
      if (action === ACTIONS.askExactly && !weather.isClear())
        this.#askExactly(random, { request: value, text: textOf(message.message) })
    }
  }

  #lookAgain(random: Random, route: string): void {
    const process = this.#process()
    if (!process) return
    const { time } = this.#stage
    const by = random.chance(0.2) ? random.pick(EVERYBODY) : random.pick([...LISTED, ...GROUPED])
    const click: Resumed = { by, route, from: time.now, to: Number.MAX_SAFE_INTEGER }
    this.resumed.push(click)
    this.#stage.tell(by, `lets the watch of ${route} look again`)
    this.#deliveries.orFail(
      this.#deliveries.deliver(process, click, async (worker) => {
        const resumed = await resumeWatch(worker.work.deps, { by, route })
        click.to = time.now
        click.answer = isRefusal(resumed) ? { refused: resumed.refused.code } : 'it looks again'
        this.#stage.tell(by, 'is told about looking again', click.answer)
      }),
    )
  }

  #askExactly(random: Random, pressed: Exactly): void {
    const process = this.#process()
    const { time, landscape, database } = this.#stage
    const row = database.raw.prepare('select doc as text from requests where id = ?').get(pressed.request)
    if (!process || !row) return
    const look: { spec: Record<'source' | 'destination', { clusterId: string }>; reason: string } = JSON.parse(
      String(Object(row).text),
    )
    const route = landscape.routes.find(
      ({ source, destination }) =>
        source.clusterId === look.spec.source.clusterId && destination.clusterId === look.spec.destination.clusterId,
    )
    if (!route) return
    this.exactly.push(pressed)
    const by = random.pick(ASKERS)
    const reason = `exactly what comparison ${pressed.request} found: ${look.reason}`
    // What exactly, is judged by what the message said.
    const asked = { reason, by, route, mode: 'sync', scope: EVERYTHING, at: time.now } as const
    const record: Crowd['asked'][number] = { ...asked }
    this.#crowd.asked.push(record)
    this.#stage.tell(by, `asks for exactly what ${pressed.request} found`)
    this.#deliveries.orFail(
      this.#deliveries.deliver(process, record, async (worker, delivery) => {
        const filed = await askExactly(worker.work.deps, { request: pressed.request, by, channel: CHANNEL, delivery })
        record.answer = isRefusal(filed) ? { refused: filed.refused.code } : { id: filed.id }
        this.#stage.tell(by, 'is told about exactly this', record.answer)
      }),
    )
  }
}

/** What Slack's listeners have beside the use cases' own. Nothing is fetched: answers are kept by who asked. */
function listenerDeps({ work, web, tasks }: Incarnation): ListenerDeps {
  const fetch = () => Promise.reject(new Error('nothing is fetched in here'))
  return { ...work.deps, web, tasks, homes: work.homes, network: { fetch } }
}
