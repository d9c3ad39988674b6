import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSync } from '../../../src/adapters/slack/incoming/grammar.ts'

function read(text: string) {
  const words = parseSync(text)
  if ('problems' in words) throw new Error(words.problems.join('\n'))
  return words
}
function problems(text: string): readonly string[] {
  const words = parseSync(text)
  return 'problems' in words ? words.problems : []
}

describe('what people may type', () => {
  it('names source, destination and a reason: everything, for real', () => {
    expect(read('prod-us prod-eu new starters of October')).toEqual({
      source: 'prod-us',
      destination: 'prod-eu',
      mode: 'sync',
      scope: { users: { kind: 'all' }, keys: { kind: 'all' } },
      reason: 'new starters of October',
    })
  })

  it.each([
    ['users=jdoe,app_7', { users: { kind: 'listed', items: ['jdoe', 'app_7'] } }],
    ['users=JDoe,jdoe', { users: { kind: 'listed', items: ['jdoe'] } }],
    ['USERS=None', { users: { kind: 'none' } }],
    ['keys=7,262162', { keys: { kind: 'listed', items: [7, 262162] } }],
    ['keys=007,7', { keys: { kind: 'listed', items: [7] } }],
    ['keys="7,8"', { keys: { kind: 'listed', items: [7, 8] } }],
    ['keys=none users=all', { users: { kind: 'all' }, keys: { kind: 'none' } }],
  ])('%s', (options, scope) => {
    expect(read(`a b ${options} why`).scope).toMatchObject(scope)
  })

  it('mode=plan only compares', () => expect(read('a b mode=PLAN why').mode).toBe('plan'))

  it.each([
    ['smart quotes around the reason', 'a b “why so”', 'why so'],
    ['single smart quotes', 'a b ‘why so’', 'why so'],
    ['guillemets', 'a b «why so»', 'why so'],
    ['an apostrophe in the middle', 'a b it’s needed', "it's needed"],
    ['an equals sign in the reason', 'a b why: x=1 or not', 'why: x=1 or not'],
  ])('%s', (_, text, reason) => expect(read(text).reason).toBe(reason))

  it.each(['prod–us', 'prod—us', 'prod‑us', 'prod−us'])('a dash as phones type it: %s', (source) => {
    expect(read(`${source} prod-eu why`).source).toBe('prod-us')
  })

  it('any white space between words', () =>
    expect(read(' a\u00a0\t b \n why ')).toMatchObject({ source: 'a', destination: 'b', reason: 'why' }))
})

describe('each wrong word is quoted', () => {
  it.each([
    ['nothing', '', 'Name the source and the destination'],
    ['one cluster', 'prod-us', 'Name the source and the destination'],
    ['an option first', 'users=all a b why', '`users=all` stands where a cluster is expected'],
    ['an option as destination', 'a keys=7 why', '`keys=7` stands where a cluster is expected'],
    ['an unknown option', 'a b user=jdoe why', '`user=jdoe` is no option'],
    ['an option twice', 'a b keys=7 keys=8 why', '`keys=8`: `keys=` stands there twice'],
    ['an option behind the reason', 'a b why keys=7', '`keys=7` looks like an option where the reason stands'],
    ['an option with a colon', 'a b mode:plan look first', '`mode:plan` looks like an option'],
    ['a mode with a colon', 'a b plan: look first', '`plan:` in front of the reason looks like an option'],
    ['an option with spaces', 'a b mode = plan look', '`mode` looks like an option'],
    ['an option in the reason', 'a b why mode=plan so', '`mode=plan` looks like an option where the reason stands'],
    ['a space in a list', 'a b keys=7, 8 why', 'an empty item is not right'],
    ['a user name no HSM takes', 'a b users=j.doe why', '`j.doe` is not right'],
    ['a user name that is too long', `a b users=${'x'.repeat(32)} why`, 'is not right'],
    ['a handle that is no number', 'a b keys=0xg7 why', '`0xg7` is not right'],
    ['handle zero', 'a b keys=0 why', '`0` is not right'],
    ['a handle above 32 bits', 'a b keys=4294967296 why', '`4294967296` is not right'],
    ['an unknown mode', 'a b mode=dry why', '`mode=dry`: expected'],
    ['no reason', 'a b keys=7', 'The reason is missing'],
    ['a reason of quotes only', 'a b ""', 'The reason is missing'],
    ['a reason that is too long', `a b ${'x'.repeat(501)}`, '501 characters, 500 is the most'],
    ['nothing to do', 'a b users=none keys=none why', 'leaves nothing to do'],
  ])('%s', (_, text, words) => {
    expect(problems(text).join('\n')).toContain(words)
  })

  it('all of them at once', () => expect(problems('a b keys=x users=j.d mode=dry size=3')).toHaveLength(5))

  it('the backtick of a wrong word does not break out of its quotes', () => {
    expect(problems('a b keys=7`8 why').join()).toContain("`7'8` is not right")
  })
})

describe('an option is never part of the reason, however it is dressed', () => {
  const inOptions = [
    ['with dashes', '--mode=plan'],
    ['with one dash', '-mode=plan'],
    ['with the dash that a Mac makes of two', '—mode=plan'],
    ['as other programs have it', '--plan'],
    ['as other programs have it, longer', '--dry-run'],
    ['in quotes', '"mode=plan"'],
    ['in smart quotes', '“mode=plan”'],
    ['as code, pasted from the help', '`mode=plan`'],
    ['bold', '*mode=plan*'],
    ['with the brackets of the usage line', '[mode=plan]'],
    ['its value in quotes', 'mode="plan"'],
    ['full-width', 'ｍｏｄｅ＝ｐｌａｎ'],
    ['with a full-width sign', 'mode＝plan'],
    ['with a character that nobody sees', 'mo\u2060de=pl\u200ban'],
    ['with marks of direction', '\u202Amode=plan\u202C'],
    ['with a soft hyphen', 'mode\u00AD=plan'],
  ] as const

  it.each(inOptions)('%s, read as meant: %s', (_, typed) => {
    expect(read(`prod-us prod-eu ${typed} compare first please`)).toMatchObject({
      mode: 'plan',
      reason: 'compare first please',
    })
  })

  it.each(inOptions)('%s, behind the reason, refused with the right form: %s', (_, typed) => {
    expect(problems(`prod-us prod-eu compare first please ${typed}`).join()).toContain('`mode=plan`')
  })

  it.each([
    'plan compare first',
    'PLAN: compare first',
    'dry-run please',
    'dryrun please',
    'dry run please',
    'mode plan please',
    '--mode plan please',
    'mode -> plan please',
    'please --plan',
    'please -plan',
    'please users jdoe, keys none',
    'dry-run=true please',
    'dry_run=yes please',
    'mоde=plan please', // a Cyrillic o
    'please mоde=plan',
    '--force please',
    'please --force',
    '"mode=plan look first"',
  ])('%s: refused', (typed) => {
    expect(problems(`prod-us prod-eu ${typed}`).join()).toMatch(/option|lacks its value/)
  })

  it.each([
    ['plan prod-us prod-eu why', '`plan` stands where a cluster is expected'],
    ['--dry-run prod-us prod-eu why', '`--dry-run` stands where a cluster is expected'],
  ])('%s', (text, words) => expect(problems(text).join()).toContain(words))

  it('a word in quotes in front belongs to the reason', () => {
    expect(read('prod-us prod-eu "plan B of the migration"')).toMatchObject({
      mode: 'sync',
      reason: 'plan B of the migration',
    })
  })

  it.each(['R&amp;D needs it', 'R&D needs it'])('%s: a sign that Slack hands over as an entity', (reason) =>
    expect(read(`prod-us prod-eu ${reason}`).reason).toBe('R&D needs it'),
  )

  it.each([
    '/hsm-sync prod-us prod-eu mode=plan why',
    '`/hsm-sync prod-us prod-eu mode=plan why`',
    '"prod-us prod-eu mode=plan why"',
    '&lt;prod-us&gt; &lt;prod-eu&gt; [mode=plan] why',
    '`prod-us` *prod-eu* _mode=plan_ why',
    '<prod-us> <prod-eu> [mode=plan] why',
  ])('pasted with more than was meant: %s', (text) =>
    expect(read(text)).toMatchObject({ source: 'prod-us', destination: 'prod-eu', mode: 'plan', reason: 'why' }),
  )

  it('the brackets of every word of the usage line, kept', () => {
    expect(read('<prod-us> <prod-eu> [mode=plan] <new starters>')).toMatchObject({
      source: 'prod-us',
      destination: 'prod-eu',
      mode: 'plan',
      reason: '<new starters>',
    })
  })

  it.each([
    'users of the new team need their keys',
    'key ceremony of 2026-10',
    'we planned it, see CHG-12: keys, then users',
    'copy keys - all of them - before Monday',
    'mode of operation: after the planned work',
  ])('and a reason is a reason: %s', (reason) => expect(read(`prod-us prod-eu ${reason}`).reason).toBe(reason))
})

it('any text is answered, and nothing is accepted without source, destination and reason', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(fc.constantFrom('a', 'b', 'keys=7', 'users=none', 'mode=', '“', '’', '='))
          .map((words) => words.join(' ')),
      ),
      (text) => {
        const words = parseSync(text)
        if ('problems' in words) expect(words.problems.length).toBeGreaterThan(0)
        else expect([words.source, words.destination, words.reason].every((word) => word !== '')).toBe(true)
      },
    ),
  )
})
