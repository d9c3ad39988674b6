import { readFile } from 'node:fs/promises'
import { describe, it, vi } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { threadText } from '../harness/thread-text.ts'
import type { MessageRecord } from '../simulator/slack/records.ts'
import { channels, people } from '../simulator/worlds.ts'
import {
  contentsOf,
  DESTINATION,
  inTurn,
  problemsShown,
  SOURCE,
  sessionsByOperation,
  storedRequest,
} from './evidence.ts'

/**
 * A run does not need Slack, and Slack shows everything once it is back: the thread is compared with the golden one of
 * an undisturbed run.
 */
const ALWAYS = 1_000_000
/** What the bot uses to show something; who somebody is, is asked by other methods. */
const SHOWING = [
  'chat.postMessage',
  'chat.update',
  'chat.postEphemeral',
  'chat.getPermalink',
  'conversations.history',
  'conversations.replies',
  'files.getUploadURLExternal',
  'files.completeUploadExternal',
  'upload',
  'response_url',
]

describe('Slack on a bad day', { timeout: 300_000, concurrent: true }, () => {
  it('unreachable from the second approval to the end of the run', async ({ expect }) => {
    const how = { unreachable: true }
    const stage = await inTurn(() => startStage())
    try {
      const { slack } = stage.simulator
      const card = await stage.ask()
      await stage.approve(card, people.approver)
      await until(() => (slack.thread(card.channel, card.ts).some(isDecision) ? true : undefined), 'the first approval')
      for (const method of SHOWING) slack.fault({ method, times: ALWAYS, ...how })
      await stage.approve(card, people.groupApprover)
      await stateIs(stage, ['approved', 'running'])
      slack.fault({ method: '*', times: ALWAYS, ...how })

      await stateIs(stage, ['succeeded'])
      const seen = slack.messages(channels.route)[0]
      expect(seen?.text).toContain('Waiting for approval')
      expect((await fetch(`${stage.bot.url}/healthz`)).status).toBe(200)
      slack.clearFaults()

      const end = await stage.finished(card)
      expect(story(end)).toBe(await undisturbed())
      expect(await problemsShown(stage)).toEqual([])
      await runWasUndisturbed(stage, expect)
    } finally {
      await stage.stop()
    }
  })

  it('waits as long as 429 says, for new messages and for changed ones', async ({ expect }) => {
    const stage = await inTurn(() => startStage())
    try {
      const { slack } = stage.simulator
      const card = await stage.ask()
      // Of what always comes: on a slow machine several changes of a message are shown as one.
      slack.fault({ method: 'chat.postMessage', skip: 1, times: 2, retryAfter: 4, when: isReply })
      slack.fault({ method: 'chat.update', times: 1, retryAfter: 3 })
      await stage.approve(card, people.approver, people.groupApprover)
      // Results come before progress where Slack takes only a part.
      await vi.waitFor(
        async () => expect(inAnyOrder(story(await stage.finished(card)))).toBe(inAnyOrder(await undisturbed())),
        60_000,
      )
      const limited = slack.calls.filter(({ response }) => response?.error === 'ratelimited')
      expect(limited).toHaveLength(3)
      for (const call of limited) {
        const pause = call.method === 'chat.update' ? 3_000 : 4_000
        const tooSoon = slack.calls.filter(
          ({ method, at }) =>
            SHOWING.includes(method) && method !== 'chat.postEphemeral' && at > call.at && at < call.at + pause - 50,
        )
        expect(tooSoon.map(({ method }) => method)).toEqual([])
      }
      expect(await problemsShown(stage)).toEqual([])
      await runWasUndisturbed(stage, expect)
    } finally {
      await stage.stop()
    }
  })

  it('stores a message and drops the connection, four times: nothing stands there twice', async ({ expect }) => {
    const stage = await inTurn(() => startStage())
    try {
      const { slack } = stage.simulator
      slack.fault({ method: 'chat.postMessage', skip: 1, after: true })
      slack.fault({ method: 'chat.postMessage', skip: 6, after: true })
      slack.fault({ method: 'files.completeUploadExternal', after: true })
      slack.fault({ method: 'chat.update', skip: 2, after: true })
      const card = await stage.ask()
      await stage.approve(card, people.approver, people.groupApprover)
      // Results come before progress where Slack takes only a part.
      await vi.waitFor(
        async () => expect(inAnyOrder(story(await stage.finished(card)))).toBe(inAnyOrder(await undisturbed())),
        60_000,
      )
      expect(await problemsShown(stage)).toEqual([])
      await runWasUndisturbed(stage, expect)
    } finally {
      await stage.stop()
    }
  })

  it('posts card and thread again when somebody deletes the card in mid-run', async ({ expect }) => {
    const stage = await inTurn(() => startStage())
    try {
      const { aws, slack } = stage.simulator
      const card = await stage.ask()
      await stage.approve(card, people.approver, people.groupApprover)
      await until(() => aws.commands().find(({ comment }) => comment.endsWith(' sync-users')), 'the users', 60_000)
      slack.deleteMessage(card.channel, card.ts)
      const fresh = await until(() => slack.messages(channels.route)[0], 'another card', 60_000)
      const end = await stage.finished(fresh)
      expect(end.ts).not.toBe(card.ts)
      expect(story(end)).toBe(await undisturbed())
      expect(await problemsShown(stage)).toEqual([])
      await runWasUndisturbed(stage, expect)
    } finally {
      await stage.stop()
    }
  })
})

function isReply(input: Record<string, unknown>): boolean {
  return input.thread_ts !== undefined
}

function isDecision({ text }: MessageRecord): boolean {
  return text.includes('approved it')
}

async function stateIs({ env }: Stage, states: readonly string[]): Promise<void> {
  for (let look = 0; look < 300; look++) {
    const { state } = await storedRequest(env.DATABASE_URL ?? '')
    if (states.includes(state)) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`never ${states.join(' or ')}`)
}

async function undisturbed(): Promise<string> {
  return withoutPassing(await readFile(new URL('../e2e/golden/success.txt', import.meta.url), 'utf8'))
}

function story(card: MessageRecord): string {
  return withoutPassing(threadText({ ...card, thread: card.thread.filter(({ deleted }) => !deleted) }))
}

function inAnyOrder(text: string): string {
  return text.split('\n').toSorted().join('\n')
}

/** One line is only for whoever watches at that moment: that the run begins. */
function withoutPassing(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('Checked again: exactly what was approved'))
    .join('\n')
}

async function runWasUndisturbed(
  { simulator }: Stage,
  expect: (value: unknown) => { toEqual(other: unknown): void; toBe(other: unknown): void },
): Promise<void> {
  const [source] = contentsOf(simulator, SOURCE)
  for (const hsm of contentsOf(simulator, DESTINATION)) expect({ ...hsm, hsmId: '' }).toEqual({ ...source, hsmId: '' })
  expect(sessionsByOperation(simulator).size).toBe(7)
  expect(simulator.violations()).toEqual([])
}
