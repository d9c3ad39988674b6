import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { newsSince } from './news.ts'
import { parseOptions } from './options.ts'
import { parseWish } from './prompt-words.ts'
import { withoutPlaces } from './screen.ts'
import { holdsSecret } from './secret-search.ts'

describe('the prompt', () => {
  it('reads commands, clicks and rejections of the people', () => {
    expect(parseWish('requester /hsm-sync a b mode=plan look')).toEqual({
      kind: 'command',
      role: 'requester',
      command: '/hsm-sync',
      text: 'a b mode=plan look',
    })
    expect(parseWish('second approve 7q2f')).toMatchObject({ kind: 'click', action: 'approve', request: '7Q2F' })
    expect(parseWish('approver reject too early')).toMatchObject({ kind: 'reject', reason: 'too early' })
  })

  it.each(['nobody approve', 'approver dance', 'approver reject', 'add-user Bad-Name', 'toString approve'])(
    'says what is wrong with %j',
    (text) => {
      expect(parseWish(text).kind).toBe('wrong')
    },
  )
})

describe('the command line', () => {
  it("takes a seed, keep-open and an engine; without it the tool of today's clusters is played", () => {
    const engine = 'cloudhsm-cli'
    expect(parseOptions(['--keep-open', '--seed', '7'])).toEqual({ engine, platform: 'linux', seed: 7, keepOpen: true })
    expect(parseOptions(['--seed=3'])).toEqual({ engine, platform: 'linux', seed: 3, keepOpen: false })
    expect(parseOptions(['--engine', 'cmu'])).toHaveProperty('engine', 'cmu')
    expect(parseOptions(['--engine=cloudhsm-cli'])).toHaveProperty('engine', engine)
    expect(parseOptions(['--platform', 'windows'])).toMatchObject({ engine: 'cmu', platform: 'windows' })
  })

  it.each([
    [['--engine']],
    [['--engine', 'kmu']],
    [['--seed']],
    [['--seed', 'x']],
    [['--fast']],
    [['--platform']],
    [['--platform=windows', '--engine=cloudhsm-cli']],
  ])('refuses %j', (words) => {
    expect(parseOptions(words)).toHaveProperty('problem')
  })
})

describe('the search for the planted password', () => {
  const secret = 'Planted7CryptoOfficer9Secret'
  it.each([
    ['plain', `x ${secret} y`],
    ['base64, offset 0', Buffer.from(secret).toString('base64')],
    ['base64, offset 1', Buffer.from(`"${secret}"`).toString('base64')],
    ['base64, offset 2', Buffer.from(`{"${secret}"`).toString('base64')],
    ['hexadecimal', Buffer.from(secret).toString('hex')],
    ['gzip in base64', gzipSync(`login ${secret}`).toString('base64')],
  ])('finds it in %s', (_, text) => {
    expect(holdsSecret(text, secret)).toBe(true)
  })

  it('finds nothing where it is not', () => {
    expect(holdsSecret(gzipSync('login').toString('base64'), secret)).toBe(false)
  })
})

describe('news', () => {
  it('tells each version of a message once, a change where its message stands', () => {
    const message = {
      channel: 'C1',
      ts: '1.000001',
      user: 'U1',
      text: 'first',
      blocks: [],
      edits: [] as { text: string; blocks: [] }[],
      deleted: false,
      thread: [],
      files: [],
    }
    const workspace = { messages: [message], whispers: [], views: [] }
    const first = newsSince(new Map(), workspace)
    expect(first.news.map(({ kind }) => kind)).toEqual(['posted'])
    expect(newsSince(first.told, workspace).news).toEqual([])
    message.edits.push({ text: 'first', blocks: [] })
    message.text = 'second'
    expect(newsSince(first.told, workspace).news).toMatchObject([{ kind: 'changed', shown: { text: 'second' } }])
  })
})

it('shows no path of this machine', () => {
  expect(withoutPlaces('at /tmp/x-1/bot.sqlite', [['/tmp/x-1', '(folder)']])).toBe('at (folder)/bot.sqlite')
})
