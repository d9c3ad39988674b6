import { until } from '../harness/stage.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels } from '../simulator/worlds.ts'
import { cast, sides } from './cast.ts'
import { click, type Theatre, type } from './deeds.ts'
import { wrapped } from './layout.ts'
import { line, span } from './span.ts'
import { actLines } from './telling.ts'
import { worldLines } from './world-table.ts'

export interface Told {
  readonly card: MessageRecord
  /** From the request to its result. */
  readonly seconds: number
  readonly approvalToResultSeconds: number
}

const SINGLE = 'New users were copied to each HSM of prod-eu; new keys to one of them, and the service spread them.'
const WIDE = 'CloudHSM CLI copied new users and keys to every HSM of prod-eu at once.'

/** The main job as people do it, from the question to the result. */
export async function playStory(theatre: Theatre): Promise<Told> {
  const { stage, screen, paper, feed } = theatre
  const { simulator } = stage
  const name = paper.names.user
  const [rita, anna, ben, otto] = [cast.requester, cast.approver, cast.second, cast.outsider]
  const act = (title: string) => screen.show(actLines(title, paper))
  const before = simulator.world.read()

  act('Before')
  screen.show([line('')])
  screen.show(worldLines(before, before, sides, screen.width))

  act(`1  ${name(rita)} looks around`)
  await type(theatre, rita, '/hsm-help', '')
  await type(theatre, rita, '/hsm-ips', 'prod-us prod-eu')

  act(`2  ${name(rita)} asks for a sync`)
  const asked = performance.now()
  await type(theatre, rita, '/hsm-sync', 'prod-us prod-eu new starters of October')
  const card = await until(() => simulator.slack.messages(channels.route)[0], 'the card')
  await until(() => (card.thread.some(({ files }) => files.length > 0) ? true : undefined), 'the config in the thread')
  feed.catchUp()

  act('3  Two try who must not')
  await click(theatre, rita, card, 'approve')
  await click(theatre, otto, card, 'approve')

  act(`4  ${name(anna)} and ${name(ben)} approve, and it runs`)
  await click(theatre, anna, card, 'approve')
  await until(() => card.thread.find(({ text }) => text.includes('(1 of 2)')), 'the first approval in the thread')
  const approved = performance.now()
  await click(theatre, ben, card, 'approve')
  await stage.finished(card)
  const ended = performance.now()
  feed.catchUp()

  act('After')
  screen.show([line('')])
  screen.show(worldLines(simulator.world.read(), before, sides, screen.width))
  const note = before.clusters.every(({ hsmType }) => hsmType === 'hsm1.medium') ? SINGLE : WIDE
  screen.show(wrapped([span(note, 'dim')], screen.width))
  return { card, seconds: (ended - asked) / 1000, approvalToResultSeconds: (ended - approved) / 1000 }
}
