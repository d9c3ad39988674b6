import { describe, expect, it } from 'vitest'
import { cardView } from '../../../src/adapters/slack/views/card.ts'
import { changeText } from '../../../src/adapters/slack/views/configuration.ts'
import { historyView } from '../../../src/adapters/slack/views/requests.ts'
import { loginText, scopeText, wholeText } from '../../../src/adapters/slack/views/spec-text.ts'
import { threadOf } from '../../../src/adapters/slack/views/thread.ts'
import type { Target } from '../../../src/domain/cluster.ts'
import { asHsmId } from '../../../src/domain/ids.ts'
import type { Lineage } from '../../../src/domain/lineage.ts'
import type { Request } from '../../../src/domain/request.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import { request, spec } from '../../fixtures/examples.ts'
import { markupOf } from '../../fixtures/slack-rules.ts'
import { DESTINATION_ID, SOURCE_ID, wideSpec, wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const many = (count: number) => Array.from({ length: count }, (_, at) => at)
const hsms = (count: number): Target[] =>
  many(count).map((at) => ({ hsmId: asHsmId(`hsm-${String(at).padStart(11, 'a')}`), ip: `10.0.${at}.250` }))
const withKeys = (count: number, of: Spec = wideSpec()): Spec => ({
  ...of,
  scope: { users: { kind: 'all' }, keys: { kind: 'listed', items: many(count).map((at) => 0x40000 + at) } },
})

describe('everything that is approved can be seen in Slack', () => {
  it('on the card, where it fits; then there is no more than that', () => {
    for (const of of [spec(), wideSpec(), withKeys(10), wideSpecWithOwners('jdoe', 'app')])
      expect(wholeText(of)).toBeUndefined()
  })

  it('key references, whole', () => {
    const of = withKeys(40)
    expect(scopeText(of, 'keys')).toContain('…')
    expect(wholeText(of)).toContain('0x0000000000040027')
    expect(wholeText(of)?.match(/0x[0-9a-f]{16}/g)).toHaveLength(40)
  })

  it('every HSM of two full clusters', () => {
    const { source, destination } = wideSpec()
    const of = wideSpec({ source: { ...source, hsms: hsms(28) }, destination: { ...destination, hsms: hsms(28) } })
    expect(wholeText(of)?.match(/10\.0\.\d+\.250/g)).toHaveLength(56)
  })

  it('every login and where its secret is', () => {
    const owners = many(50).map((at) => `owner_${at}`)
    const of = wideSpecWithOwners(...owners)
    expect(loginText(of)).toContain('and 42 more')
    for (const owner of owners) expect(wholeText(of)).toContain(`hsm/${owner} (secretsmanager): ${owner}, only to list`)
  })

  it('a long name of a secret, of which only the end differs', () => {
    const { bastion } = wideSpec()
    const id = `arn:aws:secretsmanager:us-east-1:123456789012:secret:${'x'.repeat(90)}/test`
    const of = wideSpec({ bastion: { ...bastion, credentials: { source: 'secretsmanager', id } } })
    expect(loginText(of)).not.toContain('/test')
    expect(wholeText(of)).toContain(id)
  })

  it('as a file in the thread, and the card says so', () => {
    const of = request('pending', { spec: withKeys(40) })
    const files = threadOf({ request: of, version: 1, steps: [] }, undefined).filter(({ kind }) => kind === 'file')
    expect(files.map(({ slot }) => slot)).toEqual(['config', 'whole'])
    expect(markupOf(cardView(of).blocks).join()).toContain('the whole of it is in a file in the thread')
    expect(markupOf(cardView(request('pending', { spec: wideSpec() })).blocks).join()).not.toContain('the whole of it')
  })

  it('`/hsm-requests` writes keys, engine and logins as the card does', () => {
    const of = request('pending', { spec: { ...withKeys(2), bastion: wideSpecWithOwners('jdoe').bastion } })
    const card = markupOf(cardView(of).blocks).join('\n')
    const history = markupOf(historyView({ request: of, version: 1, steps: [], history: [] }, undefined).blocks).join(
      '\n',
    )
    for (const words of ['0x0000000000040001', '`cloudhsm-cli` 5.17.1', '`jdoe` in `hsm/jdoe` (secretsmanager)']) {
      expect(card).toContain(words)
      expect(history).toContain(words)
    }
  })
})

describe('clusters that are not proven clones', () => {
  const end = { kind: 'gone', what: { kind: 'backup', id: 'backup-x', region: 'eu-west-1' } } as const
  const line = (id: string) => [{ kind: 'cluster' as const, id, region: 'eu-west-1' }]
  const lineage: Lineage = {
    verdict: 'unproven',
    source: { line: line(SOURCE_ID), end: { kind: 'origin' } },
    destination: { line: line(DESTINATION_ID), end },
    certificates: 'unknown',
  }
  const of = (state: Request['state']) => ({ ...request(state, { spec: wideSpec() }), lineage }) as Request

  it('approvers are warned on the card and again when they click, before they approve', () => {
    const { blocks } = cardView(of('pending'))
    expect(markupOf(blocks).join()).toContain('Agree only if you know from elsewhere that they are')
    expect(JSON.stringify(blocks)).toContain('It is NOT proven that these clusters are clones.')
  })

  it('once it is decided the card says it, and asks nobody any more', () => {
    const decided = of('succeeded')
    expect(markupOf(cardView(decided).blocks).join()).not.toContain('Agree only if')
    const [, bound] = threadOf({ request: decided, version: 1, steps: [] }, undefined)
    expect(JSON.stringify(bound)).toContain('Not proven that they are clones')
  })
})

describe('a request that went stale', () => {
  it('because a rule refuses it now: says the rule in its own words, on the card and in the thread', () => {
    const refused = { code: 'cluster-migrating', cluster: SOURCE_ID, state: 'MODIFY_IN_PROGRESS' } as const
    const of = { ...request('stale'), changed: [], refused } as Request
    const words = 'it is changing its HSM type'
    expect(markupOf(cardView(of).blocks).join()).toContain(words)
    const end = threadOf({ request: of, version: 1, steps: [] }, undefined).find(({ slot }) => slot === 'end')
    expect(JSON.stringify(end)).toContain(words)
  })
})

describe('what the configuration of a run is, in one line', () => {
  const config = (...hosts: readonly string[]) => JSON.stringify({ servers: hosts.map((hostname) => ({ hostname })) })
  const [SOURCE, ONE, TWO] = ['10.0.1.7', '10.8.1.4', '10.8.2.6']
  const made = (base: string, ...added: readonly string[]) => ({
    ...spec(),
    source: { ...spec().source, hsm: { ...spec().source.hsm, ip: SOURCE } },
    destination: { ...spec().destination, hsms: added.map((ip) => ({ ...spec().source.hsm, ip })) },
    baseConfig: base,
    mergedConfig: config(SOURCE, ...added),
  })

  it.each([
    [made(config(SOURCE), ONE, TWO), `1 → 3 servers: ${SOURCE} stays server 0; ${ONE} and ${TWO} are added below.`],
    [made(config('10.9.9.9'), ONE), `1 → 2 servers: ${SOURCE} is server 0 instead of 10.9.9.9; ${ONE} is added below.`],
    [
      made(config(SOURCE, '10.0.2.9', ONE), ONE),
      `3 → 2 servers: ${SOURCE} stays server 0; ${ONE} is added below; 10.0.2.9 is left out.`,
    ],
  ])('%#', (of, line) => {
    expect(changeText(of)).toBe(`*Configuration, for this run only:* ${line}`)
  })
})
