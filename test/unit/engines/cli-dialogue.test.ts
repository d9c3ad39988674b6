import { describe, expect, it } from 'vitest'
import { serverNumber } from '../../../src/domain/ids.ts'
import type { StepPlan } from '../../../src/domain/step.ts'
import { dialogueOf, playOf } from '../../../src/engines/cloudhsm-cli/dialogue.ts'
import { cloudHsmCliEngine } from '../../../src/engines/cloudhsm-cli/index.ts'
import { sentIn } from '../../fixtures/cli-session.ts'
import { ADMIN, NOW, OPERATION, user } from '../../fixtures/examples.ts'
import { wideSpec, wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const [SOURCE, DESTINATION] = [serverNumber(0), serverNumber(1)]
const JDOE = user('jdoe')

const PLANS: Readonly<Record<string, StepPlan>> = {
  inspect: { kind: 'inspect' },
  inventory: {
    kind: 'inventory',
    purpose: 'before',
    users: [
      { server: SOURCE, users: [ADMIN, JDOE, user('app')] },
      { server: DESTINATION, users: [ADMIN, JDOE] },
    ],
  },
  users: {
    kind: 'sync-users',
    server: DESTINATION,
    users: [
      { id: 0, name: 'jdoe', role: 'CU' },
      { id: 0, name: 'second', role: 'CO' },
    ],
  },
  keys: { kind: 'sync-keys', server: DESTINATION, handles: [7, 0x300006] },
  canary: { kind: 'sync-keys', server: DESTINATION, handles: [7], canary: { server: DESTINATION, users: [] } },
}

function text(name: string, spec = wideSpec()): string {
  return playOf(spec, dialogueOf(spec, PLANS[name] ?? { kind: 'inspect' })).text
}

describe('what CloudHSM CLI is told', () => {
  it('to look: who is there, without a login', () => {
    expect(text('inspect')).toMatchInlineSnapshot(`
      "ask cluster hsm-info --cluster-id cluster-2abcdefghij
      ask cluster hsm-info --cluster-id cluster-7kkmnopqrst
      send user list --cluster-id cluster-2abcdefghij
      send user list --cluster-id cluster-7kkmnopqrst
      "
    `)
  })
  it('to list: as the administrator of both clusters', () => {
    expect(text('inventory')).toMatchInlineSnapshot(`
      "mark login
      login 0 admin cluster-2abcdefghij
      login 0 admin cluster-7kkmnopqrst
      mark read
      ask cluster hsm-info --cluster-id cluster-2abcdefghij
      ask cluster hsm-info --cluster-id cluster-7kkmnopqrst
      send user list --cluster-id cluster-2abcdefghij
      send user list --cluster-id cluster-7kkmnopqrst
      pages key list --cluster-id cluster-2abcdefghij --max-items 500
      pages key list --cluster-id cluster-7kkmnopqrst --max-items 500
      "
    `)
  })
  it('to list with owners’ logins: each after the administrator, one at a time, only where the user is', () => {
    expect(text('inventory', wideSpecWithOwners('jdoe', 'app', 'ghost'))).toMatchInlineSnapshot(`
      "mark login
      login 0 admin cluster-2abcdefghij
      login 0 admin cluster-7kkmnopqrst
      mark read
      ask cluster hsm-info --cluster-id cluster-2abcdefghij
      ask cluster hsm-info --cluster-id cluster-7kkmnopqrst
      send user list --cluster-id cluster-2abcdefghij
      send user list --cluster-id cluster-7kkmnopqrst
      pages key list --cluster-id cluster-2abcdefghij --max-items 500
      pages key list --cluster-id cluster-7kkmnopqrst --max-items 500
      logout cluster-2abcdefghij
      login 1 crypto-user cluster-2abcdefghij
      pages key list --cluster-id cluster-2abcdefghij --max-items 100 --verbose
      logout cluster-2abcdefghij
      login 2 crypto-user cluster-2abcdefghij
      pages key list --cluster-id cluster-2abcdefghij --max-items 100 --verbose
      logout cluster-7kkmnopqrst
      login 1 crypto-user cluster-7kkmnopqrst
      pages key list --cluster-id cluster-7kkmnopqrst --max-items 100 --verbose
      "
    `)
  })
  it('to copy users: one command each, then who is there', () => {
    expect(text('users')).toMatchInlineSnapshot(`
      "mark login
      login 0 admin cluster-2abcdefghij
      login 0 admin cluster-7kkmnopqrst
      tolerate "data"[[:space:]]*:[[:space:]]*"((User|Key) replicate failed on ([0-9]+) of ([0-9]+) connections|The selected key is not synchronized throughout the cluster|Key [^ ]+ does not meet the availability requirements|Specified user is inconsistent across the cluster)
      mark write
      try user replicate --username jdoe --role crypto-user --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst
      try user replicate --username second --role admin --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst
      send user list --cluster-id cluster-2abcdefghij
      send user list --cluster-id cluster-7kkmnopqrst
      "
    `)
  })
  it('to copy keys: one command each', () => {
    expect(text('keys')).toMatchInlineSnapshot(`
      "mark login
      login 0 admin cluster-2abcdefghij
      login 0 admin cluster-7kkmnopqrst
      tolerate "data"[[:space:]]*:[[:space:]]*"((User|Key) replicate failed on ([0-9]+) of ([0-9]+) connections|The selected key is not synchronized throughout the cluster|Key [^ ]+ does not meet the availability requirements|Specified user is inconsistent across the cluster)
      mark write
      try key replicate --filter key-reference=0x0000000000000007 --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst
      try key replicate --filter key-reference=0x0000000000300006 --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst
      "
    `)
  })
  it('to copy the first key: and then what the destination has', () => {
    expect(text('canary')).toMatchInlineSnapshot(`
      "mark login
      login 0 admin cluster-2abcdefghij
      login 0 admin cluster-7kkmnopqrst
      tolerate "data"[[:space:]]*:[[:space:]]*"((User|Key) replicate failed on ([0-9]+) of ([0-9]+) connections|The selected key is not synchronized throughout the cluster|Key [^ ]+ does not meet the availability requirements|Specified user is inconsistent across the cluster)
      mark write
      try key replicate --filter key-reference=0x0000000000000007 --source-cluster-id cluster-2abcdefghij --destination-cluster-id cluster-7kkmnopqrst
      pages key list --cluster-id cluster-7kkmnopqrst --max-items 500
      "
    `)
  })
})

describe('every dialogue', () => {
  const spec = wideSpecWithOwners('jdoe', 'app')
  it.each(Object.keys(PLANS))('%s: holds no password and no filter by label', (name) => {
    expect(text(name, spec)).not.toMatch(/--password|\blabel\b|attr/)
  })
  it.each(['users', 'keys', 'canary'])(
    '%s: logs in to both clusters before the write mark, and never after',
    (name) => {
      const lines = text(name, spec).split('\n')
      const mark = lines.indexOf('mark write')
      const logins = lines.flatMap((line, at) => (line.startsWith('login ') ? [at] : []))
      expect(logins).toHaveLength(2)
      expect(Math.max(...logins)).toBeLessThan(mark)
      expect(lines.findIndex((line) => line.startsWith('try '))).toBeGreaterThan(mark)
    },
  )
  it.each(['inspect', 'inventory'])('%s: holds nothing that writes, and no write mark', (name) => {
    expect(text(name, spec)).not.toMatch(/replicate|mark write|create|delete|change/)
  })
  it('inspect: logs nobody in', () => {
    expect(text('inspect', spec)).not.toContain('login')
  })
  it('copies from the source to the destination, never back', () => {
    const { source, destination } = spec
    const copies = [text('users', spec), text('keys', spec)].join('').match(/^try .*$/gm) ?? []
    expect(copies).toHaveLength(4)
    for (const line of copies) {
      expect(line).toContain(
        `--source-cluster-id ${source.clusterId} --destination-cluster-id ${destination.clusterId}`,
      )
    }
  })
})

describe('keys are named by reference, with 16 hexadecimal digits', () => {
  it.each([
    [7, '0x0000000000000007'],
    [0x300006, '0x0000000000300006'],
    [Number.MAX_SAFE_INTEGER, '0x001fffffffffffff'],
  ])('%d', (handle, reference) => {
    const [line = ''] = dialogueOf(wideSpec(), { kind: 'sync-keys', server: DESTINATION, handles: [handle] }).flatMap(
      (part) => (part.do === 'try' ? [part.command] : []),
    )
    expect(line).toContain(`--filter key-reference=${reference} `)
  })
})

describe('owners list their own keys', () => {
  const inventory = (users: readonly ReturnType<typeof user>[]) =>
    playOf(
      wideSpecWithOwners('jdoe'),
      dialogueOf(wideSpecWithOwners('jdoe'), {
        kind: 'inventory',
        purpose: 'before',
        users: [{ server: SOURCE, users }],
      }),
    ).text
  it.each([
    ['a crypto user who is there', [JDOE], true],
    ['not one who is not there', [user('app')], false],
    ['not one who is locked: a login would fail', [user('jdoe', { isLocked: true })], false],
    ['not an administrator of that name', [user('jdoe', { role: 'CO' })], false],
  ])('%s', (_, users, isListed) => {
    expect(inventory(users).includes('--verbose')).toBe(isListed)
  })
})

describe('logins', () => {
  it('are numbered, and each number has one credential', () => {
    const spec = wideSpecWithOwners('jdoe', 'app')
    const { text: play, logins } = playOf(spec, dialogueOf(spec, PLANS.inventory ?? { kind: 'inspect' }))
    expect(logins).toBe(':secretsmanager:hsm/crypto-officer,jdoe:secretsmanager:hsm/jdoe,app:secretsmanager:hsm/app')
    expect(play.match(/^login .*$/gm)?.map((line) => line.split(' ')[1])).toEqual(['0', '0', '1', '2', '1'])
  })
  it('the officer is asked for where nobody logs in, too: whose failed logins count is told by the secret', () => {
    expect(playOf(wideSpec(), dialogueOf(wideSpec(), { kind: 'inspect' })).logins).toBe(
      ':secretsmanager:hsm/crypto-officer',
    )
  })
})

describe('the script as it is sent', () => {
  it.each(Object.keys(PLANS))(
    '%s: carries the dialogue, both clusters with their addresses, and no password',
    (name) => {
      const spec = wideSpecWithOwners('jdoe')
      const { dialogue, data } = sentIn(
        engine.write(spec, PLANS[name] ?? { kind: 'inspect' }, { operation: OPERATION, until: NOW }).lines,
      )
      expect(dialogue).toBe(text(name, spec))
      expect(data.get('clusters')).toBe(
        'cluster-2abcdefghij=us-east-1=10.0.0.7,10.0.3.7 cluster-7kkmnopqrst=eu-west-1=10.0.1.7,10.0.2.7',
      )
      expect(data.get('lock')).toBe(spec.destination.clusterId)
      expect(data.get('config')).toBe('/opt/cloudhsm/etc/cloudhsm-cli.cfg')
      expect(data.get('until')).toBe(`${NOW / 1000}`)
      expect(data.has('logins')).toBe(true)
    },
  )
  it('asks for the configuration without a dialogue or a login', () => {
    const { dialogue, data } = sentIn(engine.baseQuery(wideSpec(), OPERATION).lines)
    expect([dialogue, data.get('action'), data.has('logins')]).toEqual(['', 'read-config', false])
  })
})
