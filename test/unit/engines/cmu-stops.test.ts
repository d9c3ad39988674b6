import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import { type StepPlan, stopOf } from '../../../src/domain/step.ts'
import { cmuEngine } from '../../../src/engines/cmu/index.ts'
import type { Printed } from '../../../src/engines/printed.ts'
import { bannerText, infoText, PLAIN_DIALECT, printed, transcript } from '../../fixtures/cmu-text.ts'
import { OPERATION, specOfOne, target, user } from '../../fixtures/examples.ts'

const engine = cmuEngine()
const spec = specOfOne()
const INSPECT: StepPlan = { kind: 'inspect' }
const KEYS: StepPlan = { kind: 'sync-keys', server: serverNumber(1), handles: [7, 8] }

function stopFor(plan: StepPlan, some: Printed) {
  return stopOf(engine.read(spec, plan, some))
}

/** A session that ended because something needed was not printed. */
function unmet(segments: readonly (readonly string[])[], changes: Partial<Printed> = {}): Printed {
  const text = transcript(
    segments.map((lines) => ({ lines })),
    PLAIN_DIALECT,
  )
  return printed(text, segments.length - 1, { result: 'stopped-need', detail: 'a pattern', ...changes })
}

const banner = bannerText(spec, PLAIN_DIALECT)
const infos = [infoText(spec, 0), infoText(spec, 1)]
const loggedIn = ['loginHSM success on server 0(10.0.0.7)', 'loginHSM success on server 1(10.0.1.7)']

describe('which guard did not hold', () => {
  it.each([
    [
      'a server is not connected',
      unmet([banner.filter((line) => !/^Connected.*10\.0\.1\.7/.test(line))]),
      'not-connected',
      'server 1 (10.0.1.7)',
    ],
    [
      'a server is not encrypted, although there is a prompt',
      unmet([banner.filter((line) => !line.includes('E2E enabled on server 1'))]),
      'not-encrypted',
      'server 1 (10.0.1.7)',
    ],
    [
      'source and destination are swapped',
      unmet([banner, infoText(spec, 0).map((line) => line.replace(target(0).hsmId, target(1).hsmId)), infos[1] ?? []]),
      'wrong-partition',
      `server 0 should be ${target(0).hsmId}, found: ${target(1).hsmId}`,
    ],
    [
      'a server went away since',
      unmet([banner, infos[0] ?? [], infoText(spec, 1).map((line) => line.replace('Connected', 'Disconnected'))]),
      'wrong-partition',
      'not connected',
    ],
    ['a row cannot be read', unmet([banner, infos[0] ?? [], ['HSM Error']]), 'wrong-partition', 'no readable answer'],
    [
      'the login failed',
      unmet([banner, ...infos, ['loginHSM failed: HSM Error: RET_USER_LOGIN_FAILURE']], { mark: 'login' }),
      'login-failed',
      'RET_USER_LOGIN_FAILURE',
    ],
    [
      'the login failed on one server only',
      unmet([banner, ...infos, loggedIn.slice(0, 1)], { mark: 'login' }),
      'login-failed',
      'success on server 0',
    ],
    [
      'the login worked, but server mode did not',
      unmet([banner, ...infos, loggedIn, ['unknown command']], { mark: 'login' }),
      'unreadable',
      'a pattern',
    ],
  ] as const)('%s', (_, some, code, detail) => {
    const stop = stopFor(KEYS, some)
    expect(stop).toMatchObject({ code })
    expect(stop?.detail).toContain(detail)
  })
})

describe('what the bastion refused', () => {
  it.each([
    ['refused-busy', 'bastion-busy'],
    ['refused-credentials', 'credentials'],
    ['refused-config-digest', 'bastion-refused'],
    ['refused-tool-missing', 'bastion-refused'],
    ['refused-late', 'bastion-refused'],
    ['refused-state', 'bastion-refused'],
  ] as const)('%s', (result, code) => {
    expect(stopFor(KEYS, printed(undefined, 0, { result }))).toMatchObject({ code })
  })

  it('a transcript that did not arrive whole proves nothing', () => {
    expect(stopFor(KEYS, printed(undefined, 9))).toMatchObject({ code: 'unreadable' })
  })
})

describe('what is sent to the bastion', () => {
  const lines = (plan: StepPlan) => engine.write(spec, plan, { operation: OPERATION, until: 1_800_000_900_000 }).lines

  it('is the script unchanged behind one line of data, with nothing that SSM would replace', () => {
    const [shebang, data, ...script] = lines(KEYS)
    expect(shebang).toBe('#!/bin/bash')
    expect(data).toMatch(/^set -- '[a-z0-9]+=[^']*'( '[a-z0-9]+=[^']*')*$/)
    expect(script).toEqual(lines(INSPECT).slice(2))
    expect(lines(KEYS).join('\n')).not.toContain('{{')
  })

  it('names where the credentials are, also where nobody logs in: whose failed logins count is told by the secret', () => {
    expect(lines(KEYS)[1]).toContain("'logins=:secretsmanager:hsm/crypto-officer'")
    expect(lines(INSPECT)[1]).toContain('logins=')
  })

  it('the largest batch of scattered keys stays below what SSM surely takes in one command', () => {
    const handles = Array.from({ length: 2000 }, (_, at) => 262_144 + ((at * 2_654_435_761) % 16_777_216))
    expect(lines({ ...KEYS, handles }).join('\n').length).toBeLessThan(32_000)
  })

  it('sixty users fit too', () => {
    const users = Array.from({ length: 60 }, (_, at) => user(`user_with_a_long_name_${at}`, { id: at }))
    expect(lines({ kind: 'sync-users', server: serverNumber(1), users }).join('\n').length).toBeLessThan(32_000)
  })
})
