import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import { threadText } from '../harness/thread-text.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import type { Cluster, WorldState } from '../simulator/world/world-state.ts'
import { channels, people } from '../simulator/worlds.ts'

export interface Story {
  readonly name: string
  /** What is typed after /hsm-sync. */
  readonly text?: string
  /** Before it is asked. */
  readonly given?: (state: WorldState) => void
  /** Between asking and approving. */
  readonly meanwhile?: (stage: Stage, card: CardPlace) => Promise<void>
  /** Instead of two approvals. */
  readonly instead?: (stage: Stage, card: CardPlace) => Promise<void>
  readonly ends: string
  /** The card as the approvers saw it has a golden text of its own: once decided it is shorter. */
  readonly showsCard?: boolean
}

interface CardPlace {
  readonly channel: string
  readonly ts: string
}

/**
 * Each story's thread against its golden text. One bot and one Slack for all of them, as it is for people; the HSMs,
 * and what the bastion remembers of failed logins, are as new for each.
 */
export function tellStories(title: string, options: StageOptions, stories: readonly Story[]): void {
  describe(title, { timeout: 300_000 }, () => {
    let stage: Stage
    let renew: () => void
    beforeAll(async () => {
      stage = await startStage({ seed: 1, ...options })
      renew = renewal(stage)
    })
    afterAll(() => stage?.stop())

    it.each(stories.map((story) => [story.name, story] as const))('%s', async (name, story) => {
      renew()
      if (story.given) stage.simulator.world.update(story.given)
      const before = stage.simulator.violations().length
      const card = await stage.ask(story.text)
      const place = { channel: channels.route, ts: card.ts }
      if (story.showsCard) await expect(threadText(asAsked(card))).toMatchFileSnapshot(`golden/${name}-card.txt`)
      await story.meanwhile?.(stage, place)
      if (story.instead) await story.instead(stage, place)
      else await approveInTurn(stage, place)
      const end = await stage.finished(card)
      expect(end.text).toContain(story.ends)
      await expect(threadText(end)).toMatchFileSnapshot(`golden/${name}.txt`)
      expect(stage.simulator.violations().slice(before)).toEqual([])
    })
  })
}

/** The card as it was before anybody decided. */
function asAsked(card: MessageRecord): MessageRecord {
  const [first = card] = card.edits
  return { ...card, text: first.text, blocks: first.blocks, thread: [] }
}

function renewal({ simulator }: Stage): () => void {
  const { generation: _, ...first } = simulator.world.read()
  return () => {
    simulator.world.update((state) => Object.assign(state, structuredClone(first)))
    simulator.forgetFailedLogins()
  }
}

export const source = (state: WorldState): Cluster => cluster(state, 'cluster-2abcdefghij')
export const destination = (state: WorldState): Cluster => cluster(state, 'cluster-7klmnopqrst')

/** Two clicks in one instant may be stored in either order; these threads tell of one after the other. */
export async function approveInTurn(stage: Stage, card: CardPlace): Promise<void> {
  await stage.simulator.slack.click(people.approver, card, 'approve')
  await replyWith(stage, card, `<@${people.approver}> approved it`)
  await stage.simulator.slack.click(people.groupApprover, card, 'approve')
}

export function replyWith({ simulator }: Stage, card: CardPlace, words: string) {
  const thread = () => simulator.slack.messages(card.channel).find(({ ts }) => ts === card.ts)?.thread ?? []
  return until(() => thread().find(({ text }) => text.includes(words)), `"${words}" in the thread`)
}

function cluster(state: WorldState, id: string): Cluster {
  const found = state.clusters.find((candidate) => candidate.clusterId === id)
  if (!found) throw new Error(`no cluster ${id} in this world`)
  return found
}
