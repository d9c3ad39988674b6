import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/domain/digest.ts'
import { operationId } from '../../../src/domain/ids.ts'
import type { ScriptCall } from '../../../src/engines/engine.ts'
import { packed } from '../../../src/engines/script-lines.ts'
import { REQUEST_ID } from '../../fixtures/examples.ts'
import { Ground } from '../../harness/engine-run.ts'
import { POWERSHELL } from '../../simulator/bastion/powershell.ts'
import { ALL_ARRIVED, changed, type Expected, expectEnd, type Scenario, theKeys, usersOnly } from './scenario.ts'
import { cmuOnWindows as tool } from './tools.ts'
import { destinationOf } from './truth.ts'

// CMU on a Windows bastion: the script in PowerShell, with the paths, line ends and rights of Windows. What both engines
// are expected to come to on Linux is what it comes to here.

const threeKeys = { users: { kind: 'none' }, keys: theKeys(262159, 262162, 262163) } as const

const SCENARIOS: readonly (Scenario & { readonly ends: Expected })[] = [
  {
    when: 'users and keys are missing',
    options: { scope: { users: { kind: 'all' }, keys: theKeys(262159, 262162) } },
    ends: {
      ...changed,
      state: 'succeeded',
      users: '5 already, 2 synced',
      keys: '2 synced',
      arrived: { ...ALL_ARRIVED, keys: [262159, 262162] },
    },
  },
  {
    when: 'the tool hangs in the middle of a batch',
    given: (state) => tool.disturbKey(state, 262162, { do: 'hang' }),
    options: { scope: threeKeys },
    ends: {
      ...changed,
      state: 'partial',
      stop: 'no-answer',
      users: '',
      keys: '1 synced, 1 failed, 1 untried',
      named: ['key 262162: failed', 'key 262163: untried'],
      arrived: { keys: [262159] },
    },
  },
  {
    when: 'PowerShell is ended in the middle of a batch, and the tool goes on with the command that it has',
    given: (state) => tool.disturbKey(state, 262162, { do: 'delay', ms: 4_000 }),
    killedAt: 262162,
    options: { scope: threeKeys },
    ends: {
      ...changed,
      state: 'partial',
      stop: 'lost',
      users: '',
      keys: '2 synced, 1 failed',
      named: ['key 262163: failed'],
      arrived: { keys: [262159, 262162] },
    },
  },
]

describe.skipIf(POWERSHELL === undefined).concurrent('cmu on Windows', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.when, scenario] as const))('%s', (_when, scenario) =>
    expectEnd(tool, { ...scenario, bastion: 'real' }, scenario.ends),
  )

  it('in a locked document does all that the script does', () => {
    const [first] = SCENARIOS
    return first && expectEnd(tool, { ...first, bastion: 'real' }, first.ends, true)
  })

  it('the script fits into what SSM takes, with the largest part of a copy', () =>
    onWindows({}, async (ground) => {
      const spec = await ground.approved({ scope: usersOnly })
      const handles = Array.from({ length: 200 }, (_, at) => 262_144 + at * 7)
      const plan = { kind: 'sync-keys', server: 1, handles } as never
      const { lines } = ground.engine.write(spec, plan, { operation: operationId(REQUEST_ID, 7), until: Date.now() })
      expect(JSON.stringify(lines).length).toBeLessThan(31_000)
    }))
})

describe.skipIf(POWERSHELL === undefined).concurrent('a locked document on Windows, in the hands of a thief', () => {
  it('plays no line that no dialogue has', () =>
    onWindows({ isLocked: true }, async (ground) => {
      const block = await forged(ground, () => dialogue('mark login', 'send deleteUser CU crypto_user1'))
      expect(block).toMatchObject({ result: 'refused-input', detail: expect.stringContaining('no dialogue has') })
      expect(ground.sessions()).toEqual([])
    }))

  it.each([
    ['without TLS', (text: string) => text.replace('"server_ssl": "yes"', '"server_ssl": "no"')],
    ['with white space in a value', (text: string) => text.replace('"server_ssl": "yes"', '"server_ssl": "y es"')],
    ['with an escape', (text: string) => text.replace('"server_ssl": "yes"', '"server_ss\\u006c": "no"')],
    ['with a quote in a path', (text: string) => text.replace('certs"', 'certs\\"", "server_ssl": "no"')],
    ['with another CA', (text: string) => text.replace('certs"', 'certs2"')],
    ['with a name for an address', (text: string) => text.replace(/"hostname": "[^"]*"/, '"hostname": "bad.example"')],
    ['with one server unlike the others', (text: string) => text.replace(/(.*)"port": 2225/s, '$1"port": 1')],
  ])('connects with no configuration %s', (_, edit) =>
    onWindows({ isLocked: true }, async (ground) => {
      const spec = await ground.approved({ scope: usersOnly })
      const text = edit(spec.mergedConfig)
      expect(text).not.toBe(spec.mergedConfig)
      const block = await forged(ground, () => ({ config: packed(text), sha256: sha256(text) }))
      expect(block).toMatchObject({
        result: 'refused-config-digest',
        detail: expect.stringContaining('with other servers'),
      })
      expect(ground.sessions()).toEqual([])
    }),
  )

  it('gives no password where a server is not encrypted, whatever the dialogue asks for', () =>
    onWindows({ isLocked: true }, async (ground) => {
      ground.world.update((state) => {
        for (const hsm of destinationOf(state).hsms) hsm.faults.noE2E = true
      })
      const block = await forged(ground, () => dialogue('mark login', 'login', 'send listUsers'))
      expect(block).toMatchObject({ result: 'stopped-need', detail: expect.stringContaining('E2E enabled on server') })
      expect(ground.logins()).toEqual([])
    }))

  it('says what it lacks where the agent is too old to hand parameters over', () =>
    onWindows({ isLocked: true }, async (locked) => {
      const { mainSteps } = JSON.parse(locked.document())
      await onWindows({}, async (ground) => {
        await ground.ask({ tool: 'cmu', data: {}, lines: mainSteps[0].inputs.runCommand })
        expect(ground.printed.join('')).toContain('SSM Agent 3.3.2746.0 or newer is needed')
        expect(ground.printed.join('')).not.toContain('HSM-SYNC')
      })
    }))
})

async function onWindows({ isLocked = false }, act: (ground: Ground) => Promise<void>): Promise<void> {
  const ground = new Ground({ engine: 'cmu', world: tool.world(), isLocked, bastion: 'real' })
  try {
    await act(ground)
  } finally {
    ground.remove()
  }
}

/** A step that only looks, with some of its data changed by somebody who has the role. */
async function forged(ground: Ground, change: (call: ScriptCall) => Record<string, string>) {
  const spec = await ground.approved({ scope: usersOnly })
  const order = { operation: operationId(REQUEST_ID, 7), until: Number.MAX_SAFE_INTEGER }
  const call = ground.engine.write(spec, { kind: 'inspect' }, order)
  return ground.ask({ ...call, data: { ...call.data, ...change(call) } })
}

function dialogue(...lines: readonly string[]) {
  return { dialogue: packed(`${lines.join('\n')}\n`) }
}
