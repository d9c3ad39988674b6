import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'
import { replyWith } from './story.ts'

// The brake, by command and from the command line, and a change calendar.

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

let stage: Stage
beforeAll(async () => {
  stage = await startStage({
    world: twoClusters({ latencyMs: { syncUser: 400, syncKey: 1500 } }),
    required: 1,
    route: ['calendar: change-windows'],
    settings: [`operators: { users: [${people.outsider}] }`],
  })
  calendarIs('OPEN')
})
afterAll(() => stage?.stop())

const slack = () => stage.simulator.slack
const sessions = () => stage.simulator.sessions().length

function calendarIs(state: 'OPEN' | 'CLOSED'): void {
  stage.simulator.world.update(({ calendars }) => {
    calendars['change-windows'] = { state, ...(state === 'CLOSED' ? { next: '2026-12-01T06:00:00Z' } : {}) }
  })
}

async function type(by: string, command: string, text = ''): Promise<string> {
  const before = slack().ephemerals(by).length
  await slack().command(by, channels.route, command, text)
  return (await until(() => slack().ephemerals(by)[before], `an answer to ${command}`)).text
}

async function typeForAll(by: string, command: string, words: string, text = ''): Promise<void> {
  await slack().command(by, channels.route, command, text)
  await until(
    () =>
      slack()
        .messages(channels.route)
        .find((message) => message.text.includes(words)),
    words,
  )
}

async function byHand(...words: string[]): Promise<{ code: number; out: string }> {
  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: stage.env.DATABASE_URL ?? '' }
  return promisify(execFile)(process.execPath, [MAIN, ...words], { env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout }) => ({ code, out: stdout }),
  )
}

describe('the brake', () => {
  it('is for approvers and operators to put on, with a reason, and for operators to take off', async () => {
    expect(await type(people.requester, '/hsm-freeze', 'I am afraid')).toContain('Only approvers and operators')
    expect(await type(people.guest, '/hsm-freeze', 'I am afraid')).toContain('guests may not')
    expect(await type(people.approver, '/hsm-freeze')).toContain('Say why')
    expect(await type(people.outsider, '/hsm-unfreeze')).toBe('Nothing is frozen.')
    await typeForAll(people.approver, '/hsm-freeze', 'froze everything', 'an HSM & its twin fail')
    expect(await type(people.groupApprover, '/hsm-freeze', 'me too')).toContain('It is on already')
    expect(await type(people.approver, '/hsm-unfreeze')).toContain('Only operators may lift it')
    expect(await type(people.approver, '/hsm-requests')).toContain('Open requests')
    expect(JSON.stringify(slack().ephemerals(people.approver).at(-1)?.blocks)).toContain('Nothing starts, because')
  })

  it('holds what is approved, as a closed calendar does; the card says which, and nothing reaches the HSMs', async () => {
    calendarIs('CLOSED')
    const card = await stage.ask()
    const filed = await until(
      () =>
        slack()
          .ephemerals(people.requester)
          .find(({ text }) => text.includes('is filed')),
      'that it is filed',
    )
    expect(filed.text).toContain('Nothing starts for now, because')
    const before = sessions()
    await stage.approve(card, people.approver)
    const says = (words: string) =>
      until(() => {
        const now = slack()
          .messages(channels.route)
          .find(({ ts }) => ts === card.ts)
        return JSON.stringify(now?.blocks).includes(words) ? now : undefined
      }, words)
    await says(`Approved, and held.* Nothing starts, because <@${people.approver}> froze everything`)
    await typeForAll(people.outsider, '/hsm-unfreeze', 'has lifted the freeze')
    await says('The change calendar `change-windows` is closed until')
    expect(sessions()).toBe(before)
    calendarIs('OPEN')
    await replyWith(stage, { channel: channels.route, ts: card.ts }, 'Users to server 1')
    const frozen = await byHand('freeze', 'the', 'vendor', 'calls')
    expect(frozen).toEqual({ code: 0, out: expect.stringMatching(/^frozen: operator \S+, .*: the vendor calls\n$/) })
    const end = await stage.finished(card)
    const result = end.thread.find(({ text, blocks }) => `${text}${JSON.stringify(blocks)}`.includes('It was stopped'))
    expect(JSON.stringify(result?.blocks)).toMatch(
      /It was stopped because operator \S+ froze everything .*: the vendor calls/,
    )
    expect(await byHand('freeze', 'again')).toEqual({
      code: 1,
      out: expect.stringContaining('frozen already, by operator'),
    })
    expect(await byHand('unfreeze')).toEqual({ code: 0, out: expect.stringContaining('the vendor calls') })
    expect(await byHand('unfreeze')).toEqual({ code: 1, out: 'nothing is frozen\n' })
    expect(await byHand('freeze')).toEqual({ code: 2, out: expect.stringContaining('usage:') })
    expect((await byHand('audit', 'verify')).out).toContain('whole:')
    expect(stage.simulator.violations()).toEqual([])
  })
})
