import { describe, expect, it } from 'vitest'
import { documentCommand } from '../../../src/commands/document.ts'
import { operationId, serverNumber } from '../../../src/domain/ids.ts'
import type { Bastion } from '../../../src/domain/route.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import type { StepPlan } from '../../../src/domain/step.ts'
import type { ScriptCall } from '../../../src/engines/engine.ts'
import { allEngines } from '../../../src/engines/index.ts'
import { documentParameters, isDocument, lockedDocument } from '../../../src/engines/locked-document.ts'
import { NOW, REQUEST_ID, spec } from '../../fixtures/examples.ts'
import { wideSpecWithOwners } from '../../fixtures/whole-clusters.ts'

const engines = allEngines()
const OWNERS = ['jdoe', 'app']
const SPECS = { cmu: spec(), 'cloudhsm-cli': wideSpecWithOwners(...OWNERS) } as const

const bastion = ({ bastion: { name, instanceId, region, stateDir, workDir, credentials } }: Spec): Bastion => ({
  ...{ name, instanceId, region, stateDir, workDir, credentials, platform: 'linux' },
  cmu: { binary: '/opt/cloudhsm/bin/cloudhsm_mgmt_util', config: '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg' },
  cli: {
    binary: '/opt/cloudhsm/bin/cloudhsm-cli',
    configure: '/opt/cloudhsm/bin/configure-cli',
    config: '/opt/cloudhsm/etc/cloudhsm-cli.cfg',
  },
  cryptoUsers: OWNERS.map((user) => ({ user, source: 'secretsmanager', id: `hsm/${user}` })),
})

const documentOf = (one: Spec) => lockedDocument(bastion(one), [{ ...one, bastion: bastion(one) }])
const PLANS: readonly StepPlan[] = [
  { kind: 'inspect' },
  { kind: 'sync-keys', server: serverNumber(1), handles: [7, 262_159] },
  { kind: 'sync-users', server: serverNumber(1), users: [{ id: 5, name: 'new_user', role: 'CU' }] },
]
const OPERATION = operationId(REQUEST_ID, 9_999)

/** Everything that an engine ever has a bastion do. */
function callsOf(one: Spec): readonly ScriptCall[] {
  const engine = engines[one.engine]
  return [
    engine.baseQuery(one, operationId(REQUEST_ID, 0)),
    engine.fetch(one.bastion, { operation: OPERATION, chunk: 400, seal: true }),
    ...PLANS.map((plan) => engine.write(one, plan, { operation: OPERATION, until: NOW })),
  ]
}

describe.each(Object.values(SPECS))('the locked document, for $engine', (one) => {
  const { parameters, mainSteps } = JSON.parse(documentOf(one))

  it('takes every call that is ever made, by its patterns', () => {
    for (const call of callsOf(one))
      for (const [name, value] of Object.entries(documentParameters(call)))
        expect(value, name).toMatch(new RegExp(parameters[name].allowedPattern))
  })

  it('loses nothing of a call: what it does not take as data it fixes', () => {
    const text: string = mainSteps[0].inputs.runCommand.join('\n')
    for (const call of callsOf(one)) {
      const sent = documentParameters(call)
      for (const [name, value] of Object.entries(call.data))
        if (!(name in sent)) expect(text).toContain(`'${name}=${value}'`)
    }
  })

  it('hands data over as environment variables only, each by a pattern from end to end', () => {
    for (const [name, about] of Object.entries<Record<string, string>>(parameters)) {
      expect(about.allowedPattern, name).toMatch(/^\^.*\$$/)
      expect(about.interpolationType, name).toBe(name === 'executionTimeout' ? undefined : 'ENV_VAR')
    }
    const spliced = JSON.stringify(mainSteps).match(/\{\{[^}]*\}\}/g)
    expect(spliced).toEqual(['{{ executionTimeout }}'])
  })

  it('is small enough for SSM with its largest parameters', () => {
    expect(documentOf(one).length).toBeLessThan(64 * 1024 - 8_000)
  })
})

it('is the same however SSM lays it out, and another when anything differs', () => {
  const text = documentOf(SPECS.cmu)
  expect(isDocument(JSON.stringify(JSON.parse(text)), text)).toBe(true)
  expect(isDocument(text.replace('ulimit -c 0', 'ulimit -c 1'), text)).toBe(false)
  expect(isDocument('no JSON', text)).toBe(false)
  const twice = text.replace('"mainSteps": [', '"mainSteps": [{ "action": "aws:runShellScript" }],\n  "mainSteps": [')
  expect(JSON.parse(twice)).toEqual(JSON.parse(text))
  expect(isDocument(twice, text)).toBe(false)
})

describe('document', () => {
  const routes = [{ ...SPECS.cmu, bastion: bastion(SPECS.cmu) }]
  const run = (...words: string[]) => {
    const lines: string[] = []
    const code = documentCommand(
      words,
      () => ({ routes: routes as never }),
      (line) => lines.push(line),
    )
    return { code, text: lines.join('\n') }
  }

  it('prints that of the only bastion, or of the named one', () => {
    expect(run()).toEqual({ code: 0, text: documentOf(SPECS.cmu) })
    expect(run('--bastion', SPECS.cmu.bastion.name)).toEqual(run())
  })

  it.each([[['--bastion', 'other']], [['--what']]])('%j: says what is expected', (words) => {
    expect(run(...words)).toMatchObject({ code: 2, text: expect.stringContaining('usage:') })
  })
})
