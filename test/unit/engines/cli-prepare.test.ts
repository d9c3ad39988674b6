import { describe, expect, it } from 'vitest'
import { cloudHsmCliEngine } from '../../../src/engines/cloudhsm-cli/index.ts'
import type { ConfigOutput } from '../../../src/engines/engine.ts'
import { wideSpec } from '../../fixtures/whole-clusters.ts'

const engine = cloudHsmCliEngine()
const MADE = '{"clusters":[{"type":"hsm2m","cluster":{"servers":[{"hostname":"10.0.0.7"}]}}]}'

function prepared(changes: Partial<ConfigOutput> = {}) {
  return engine.prepare(wideSpec(), { result: 'done', detail: 'cloudhsm-cli 5.17.1', text: MADE, ...changes })
}

describe('what will run', () => {
  it('is the configuration that the tool made, the commands that make it, and the tool’s version', () => {
    expect(prepared()).toMatchObject({
      baseConfig: '',
      mergedConfig: expect.stringContaining('"hostname": "10.0.0.7"'),
      commands: [
        '/opt/cloudhsm/bin/configure-cli add-cluster --cluster-id cluster-2abcdefghij --region us-east-1',
        '/opt/cloudhsm/bin/configure-cli add-cluster --cluster-id cluster-7kkmnopqrst --region eu-west-1',
      ],
      toolVersion: '5.17.1',
    })
  })
})

describe('the version of the tool: user replicate came with 5.15', () => {
  it.each([
    ['cloudhsm-cli 5.15', '5.15'],
    ['cloudhsm-cli 5.15.0', '5.15.0'],
    ['cloudhsm-cli 5.17.1', '5.17.1'],
    ['CloudHSM CLI version 5.17.1-1', '5.17.1'],
    ['5.100.0', '5.100.0'],
    ['cloudhsm-cli 6.0', '6.0'],
    ['cloudhsm-cli 10.0.2', '10.0.2'],
  ])('%s is new enough', (detail, toolVersion) => {
    expect(prepared({ detail })).toMatchObject({ toolVersion })
  })

  it.each([
    ['cloudhsm-cli 5.14.0', '5.14.0'],
    ['cloudhsm-cli 5.14', '5.14'],
    ['cloudhsm-cli 5.9.0', '5.9.0'],
    ['cloudhsm-cli 5.2.99', '5.2.99'],
    ['cloudhsm-cli 4.20.0', '4.20.0'],
    ['cloudhsm-cli', 'cloudhsm-cli'],
    ['', ''],
    ['command not found', 'command not found'],
    ['version 5', 'version 5'],
  ])('"%s" is refused, and told what is needed', (detail, found) => {
    expect(prepared({ detail })).toEqual({
      kind: 'refusal',
      refused: { code: 'tool-version', bastion: 'us-bastion', found, needed: '5.15' },
    })
  })

  it.each([
    'cloudhsm-cli: error while loading shared libraries: libcrypto.so.10.2: cannot open shared object file',
    "bash: line 1: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found",
    'error: cannot connect to 127.0.0.1',
  ])('a number in another sentence is no version: %s', (detail) => {
    expect(prepared({ detail })).toMatchObject({ refused: { code: 'tool-version' } })
  })
})

describe('every reason why it cannot run is its own refusal', () => {
  it.each([
    ['refused-namespace', 'namespace'],
    ['refused-configure', 'configure'],
    ['refused-configured-clusters', 'other-clusters'],
    ['refused-configured-hosts', 'other-hosts'],
    ['refused-config-missing', 'folder-missing'],
    ['refused-config-too-large', 'unreadable'],
  ] as const)('%s', (result, problem) => {
    expect(prepared({ result, detail: 'as it said', text: undefined })).toEqual({
      kind: 'refusal',
      refused: { code: 'tool-config', bastion: 'us-bastion', problem, detail: 'as it said' },
    })
  })

  it('a tool that is not there is named', () => {
    const detail = '/opt/cloudhsm/bin/configure-cli'
    expect(prepared({ result: 'refused-tool-missing', detail, text: undefined })).toEqual({
      kind: 'refusal',
      refused: { code: 'tool-missing', bastion: 'us-bastion', tool: detail },
    })
  })

  it('a version that cannot be read is told', () => {
    expect(prepared({ result: 'refused-version', detail: 'oh no', text: undefined })).toEqual({
      kind: 'refusal',
      refused: { code: 'tool-version', bastion: 'us-bastion', found: 'oh no', needed: '5.15' },
    })
  })

  it.each(['refused-workdir', 'refused-state', 'stopped-killed'] as const)(
    'anything else is told in its own words: %s',
    (result) => {
      expect(prepared({ result, detail: 'no space left', text: undefined })).toEqual({
        kind: 'refusal',
        refused: { code: 'bastion-cannot', bastion: 'us-bastion', problem: `${result} no space left` },
      })
    },
  )

  it.each(['', 'not JSON', '[]', '{}', '{"clusters":{}}', '{"clusters":["x"]}', MADE.slice(0, -1)])(
    'a configuration that cannot be read: %s',
    (text) => {
      expect(prepared({ text })).toMatchObject({ refused: { code: 'tool-config', problem: 'unreadable' } })
    },
  )
})
