import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditCommand } from '../../src/commands/audit.ts'
import { newPostgres } from '../harness/shared-postgres.ts'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people } from '../simulator/worlds.ts'
import { auditLines, botCommand } from './evidence.ts'

/**
 * The auditor's two commands, beside a running bot and after somebody with the database's own rights has changed what
 * was recorded.
 */
let stage: Stage
let folder: string
let url: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hsm-sync-audit-'))
  stage = await startStage({ required: 1, env: { AUDIT_STREAM: 'stdout' } })
  url = stage.env.DATABASE_URL ?? ''
  const card = await stage.ask('prod-us prod-eu mode=plan for the auditor')
  await stage.simulator.slack.click(people.outsider, card, 'approve')
  await until(() => stage.simulator.slack.ephemerals(people.outsider)[0], 'a refusal')
  await stage.approve(card, people.approver)
  await stage.finished(card)
})
afterAll(async () => {
  await stage.stop()
  await rm(folder, { recursive: true, force: true })
})

const audit = (words: readonly string[], databaseUrl = url) =>
  botCommand(['audit', ...words], { DATABASE_URL: databaseUrl })

/** The same command in this process: what it says is a matter of its words and rows, and processes are slow. */
async function here(words: readonly string[], databaseUrl: string): Promise<{ code: number; out: string }> {
  let out = ''
  const code = await auditCommand(words, databaseUrl, (line) => {
    out += `${line}\n`
  })
  return { code, out }
}

describe('beside a running bot', () => {
  it('holds, with everything that happened, and says its last hash', async () => {
    const lines = await auditLines(url)
    expect(await audit(['verify'])).toEqual({
      code: 0,
      out: `whole: ${lines.length} rows, the last hash is ${lines.at(-1)?.hash}\n`,
      err: '',
    })
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, at) => at + 1))
    const story = lines.map(({ type, actor }) => `${type} ${actor}`)
    expect(story).toEqual([
      'settings bot',
      'ssm-intent bot',
      'ssm-read bot',
      `requested ${people.requester}`,
      `refused-click ${people.outsider}`,
      `approved ${people.approver}`,
      'ssm-intent bot',
      'ssm-read bot',
      'running bot',
      'ssm-read bot',
      'ssm-read bot',
      'succeeded bot',
    ])
    expect(lines.find(({ type }) => type === 'refused-click')?.facts).toMatchObject({
      verdict: 'approve',
      rule: 'not-approver',
    })
    const sent = lines.filter(({ type }) => type === 'ssm-read').map(({ facts }) => facts)
    // Every one of them, the look-ups before and after the approval too.
    const commands = stage.simulator.aws.commands()
    expect(sent.map(({ commandId }) => commandId)).toEqual(commands.map(({ commandId }) => commandId))
  })

  it('does not hold the bot up, nor the other way round', async () => {
    const { slack } = stage.simulator
    const before = slack.ephemerals(people.requester).length
    const looks = Array.from({ length: 4 }, () => audit(['verify']))
    await slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu mode=plan meanwhile')
    await until(() => slack.ephemerals(people.requester)[before], 'an answer')
    for (const look of await Promise.all(looks)) expect(look).toMatchObject({ code: 0, err: '' })
    // The bot goes on meanwhile: what was whole then is no more than what is there now, and no less than before.
    const least = (await auditLines(url)).length
    const { code, out } = await audit(['verify'])
    const whole = Number(/^whole: (\d+) rows/.exec(out)?.[1])
    expect(code).toBe(0)
    expect(whole).toBeGreaterThanOrEqual(least)
    expect(whole).toBeLessThanOrEqual((await auditLines(url)).length)
  })

  it('is streamed on standard output row by row, among the lines of the log', async () => {
    const streamed = () =>
      stage.bot
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{"stream":"audit",'))
        .map((line) => JSON.parse(line))
    const recorded = await auditLines(url)
    await until(() => streamed().length >= recorded.length, 'the stream')
    expect(streamed().slice(0, recorded.length)).toEqual(recorded.map((row) => ({ stream: 'audit', ...row })))
    expect(stage.bot.log()).toContain('"the bot is ready"')
  })

  it('exports what was recorded since a moment', async () => {
    const all = await auditLines(url)
    const middle = all.find(({ type }) => type === 'running')
    const since = new Date(middle?.at ?? 0).toISOString()
    expect(await auditLines(url, '--since', since)).toEqual(all.filter(({ at }) => at >= (middle?.at ?? 0)))
    expect(await auditLines(url, '--since', '2020-01-01')).toEqual(all)
    expect(await auditLines(url, '--since', '2999-01-01')).toEqual([])
    expect(await audit(['export', '--since', '2999-01-01'])).toEqual({ code: 0, out: '', err: '' })
    expect(await auditLines(url, '--since', '5')).toEqual(all.slice(5))
  })
})

describe('an anchor that was kept elsewhere', () => {
  const anchorIn = (out: string) => /the last hash is ([0-9a-f]{64})/.exec(out)?.[1]?.slice(0, 16) ?? ''

  it('is in the log of each start, and holds while nothing is cut off', async () => {
    const logged = /"auditHead":"([0-9a-f]{16})"/.exec(stage.bot.log())?.[1] ?? 'none'
    const { code, out } = await here(['verify', '--anchor', logged], url)
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/anchored: the hash [0-9a-f]{16} is that of row 1\n$/),
    })
  })

  it('shows that the newest rows are gone, which the chain alone cannot', async () => {
    const file = join(folder, 'cut-off.sqlite')
    new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true }).exec(`vacuum into '${file}'`)
    const anchor = anchorIn((await here(['verify'], `sqlite:${file}`)).out)
    const db = new DatabaseSync(file)
    for (const trigger of TRIGGERS) db.exec(`drop trigger ${trigger}`)
    db.exec('delete from audit where seq = (select max(seq) from audit)')
    db.close()
    await expect(here(['verify'], `sqlite:${file}`)).resolves.toHaveProperty('code', 0)
    const { code, out } = await here(['verify', '--anchor', anchor], `sqlite:${file}`)
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(`CUT OFF: no row has the hash ${anchor}`) })
  })
})

describe('words it does not know', () => {
  it.each<[string[]]>([
    [[]],
    [['check']],
    [['verify', '--since', '2026-01-01']],
    [['verify', '--anchor']],
    [['verify', '--anchor', 'abc']],
    [['export', '--since']],
    [['export', '--since', 'yesterday']],
    [['export', '--since', '-1']],
    [['export', '--since', '1'.repeat(16)]],
    [['export', '--format', 'xml']],
    [['export', '--anchor', 'a'.repeat(16)]],
    [['verify', '--format', 'ocsf']],
    [['export', '--until', '2026-01-01']],
    [['export', '--since', '2026-01-01', 'please']],
  ])('audit %j ends with 2 and says how it is used', async (words) => {
    const { code, out } = await here(words, url)
    expect(code).toBe(2)
    expect(out).toContain('usage: node dist/main.js audit verify')
    expect(out).toContain('audit export [--since ')
  })

  it('says so when there is no such database, and makes none', async () => {
    const missing = join(folder, 'missing.sqlite')
    const { code, out, err } = await audit(['verify'], `sqlite:${missing}`)
    expect({ code: code === 0, out }).toEqual({ code: false, out: '' })
    expect(err).toMatch(/could not start: .*unable to open database file/)
    expect(err).not.toMatch(/\bat .*\.js:\d+/)
    await expect(copyFile(missing, join(folder, 'x'))).rejects.toThrow('ENOENT')
  })
})

const TRIGGERS = ['audit_no_update', 'audit_no_delete', 'audit_no_replace']
/** What somebody does who may do everything in the database; and the row at which it shows. */
const TAMPERINGS: readonly (readonly [what: string, sql: string, row: number])[] = [
  ['a fact changed', `update audit set facts = replace(facts, 'not-approver', 'self-approval') where seq = 5`, 5],
  ['another person put in', `update audit set actor = '${people.secondApprover}' where seq = 6`, 6],
  ['another time put in', 'update audit set at = at - 60000 where seq = 6', 6],
  ['another type put in', `update audit set type = 'approved' where seq = 5`, 5],
  ['a request taken off', 'update audit set request_id = null where seq = 4', 4],
  ['the first row changed', `update audit set actor = 'nobody' where seq = 1`, 1],
  ['a hash changed', `update audit set hash = replace(hash, substr(hash, 1, 1), 'x') where seq = 5`, 5],
  ['a row in the middle taken out', 'delete from audit where seq = 3', 4],
  ['the first row taken out', 'delete from audit where seq = 1', 2],
  [
    'two rows swapped',
    'update audit set seq = -1 where seq = 3; update audit set seq = 3 where seq = 4; update audit set seq = 4 where seq = -1',
    3,
  ],
  [
    'what two rows say swapped, their hashes left',
    'update audit set facts = (select other.facts from audit other where other.seq = 11 - audit.seq) where seq in (5, 6)',
    5,
  ],
  [
    'a row added by hand',
    `insert into audit (at, type, actor, request_id, facts, hash) select at, type, actor, request_id, facts, hash from audit where seq = 4`,
    -1,
  ],
]

describe('after somebody changed what was recorded', () => {
  it.each(TAMPERINGS)('%s: ends with 1 and names the first row that does not hold', async (_, sql, row) => {
    const file = join(folder, `tampered-${Math.random().toString(36).slice(2)}.sqlite`)
    new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true }).exec(`vacuum into '${file}'`)
    const rows = (await here(['export'], `sqlite:${file}`)).out.trimEnd().split('\n').length
    const db = new DatabaseSync(file)
    for (const trigger of TRIGGERS) db.exec(`drop trigger ${trigger}`)
    db.exec(sql)
    db.close()
    const broken = row < 0 ? rows + 1 : row
    const { code, out } = await here(['verify'], `sqlite:${file}`)
    expect(code).toBe(1)
    expect(out).toContain(`BROKEN at row ${broken}: `)
    expect(out).toMatch(/The \d+ rows before it hold\.\n$/)
  })

  it('the newest rows taken out: another last hash and fewer rows than were noted', async () => {
    const file = join(folder, 'shorter.sqlite')
    new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true }).exec(`vacuum into '${file}'`)
    const noted = await here(['verify'], `sqlite:${file}`)
    const db = new DatabaseSync(file)
    for (const trigger of TRIGGERS) db.exec(`drop trigger ${trigger}`)
    db.exec('delete from audit where seq = (select max(seq) from audit)')
    db.close()
    const now = await here(['verify'], `sqlite:${file}`)
    expect(now.out).not.toBe(noted.out)
    expect(now.out.split(':')[1]).not.toBe(noted.out.split(':')[1])
  })

  it('cannot be done at all as long as the triggers stand', () => {
    const db = new DatabaseSync(url.slice('sqlite:'.length))
    for (const [, sql] of TAMPERINGS.filter(([what]) => !what.includes('added')))
      expect(() => db.exec(sql), sql).toThrow('the audit record is append-only')
    db.close()
  })
})

describe('on PostgreSQL', () => {
  it('holds beside a running bot, and shows what somebody changed', async () => {
    const databaseUrl = await newPostgres()
    const place = await startStage({ required: 1, env: { DATABASE_URL: databaseUrl } })
    const client = new pg.Client({ connectionString: databaseUrl })
    try {
      const card = await place.ask('prod-us prod-eu mode=plan for the auditor')
      await place.approve(card, people.approver)
      await place.finished(card)
      const lines = await auditLines(databaseUrl)
      expect(await audit(['verify'], databaseUrl)).toEqual({
        code: 0,
        out: `whole: ${lines.length} rows, the last hash is ${lines.at(-1)?.hash}\n`,
        err: '',
      })
      await client.connect()
      for (const sql of [`update audit set actor = 'nobody' where seq = 3`, 'delete from audit', 'truncate audit'])
        await expect(client.query(sql)).rejects.toThrow('the audit record is append-only')
      await client.query('alter table audit disable trigger all')
      await client.query(`update audit set actor = 'nobody' where seq = ${lines[2]?.seq}`)
      expect(await audit(['verify'], databaseUrl)).toMatchObject({
        code: 1,
        out: expect.stringContaining(`BROKEN at row ${lines[2]?.seq}: `),
      })
      await client.query(`delete from audit where seq = ${lines[1]?.seq}`)
      expect(await audit(['verify'], databaseUrl)).toMatchObject({
        code: 1,
        out: expect.stringContaining(`BROKEN at row ${lines[2]?.seq}: `),
      })
    } finally {
      await client.end().catch(() => undefined)
      await place.stop()
    }
  })
})
