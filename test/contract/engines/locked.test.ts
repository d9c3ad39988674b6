import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/domain/digest.ts'
import { operationId } from '../../../src/domain/ids.ts'
import type { ScriptCall } from '../../../src/engines/engine.ts'
import { packed } from '../../../src/engines/script-lines.ts'
import { REQUEST_ID } from '../../fixtures/examples.ts'
import { Ground } from '../../harness/engine-run.ts'
import { ALL_ARRIVED, changed, expectEnd, theKeys, usersOnly } from './scenario.ts'
import { bothTools, cliTool } from './tools.ts'
import { destinationOf } from './truth.ts'

// The script in a locked SSM document, as the agent runs it: the real shell, the real checks. Whoever stole the bot's
// role may send it any data; that it does nothing else then is shown here.

const [cmu] = bothTools
const LATE = Number.MAX_SAFE_INTEGER

async function onLocked(
  engine: 'cmu' | 'cloudhsm-cli',
  act: (ground: Ground) => Promise<void>,
  bastion: 'real' | 'in memory' = 'real',
): Promise<void> {
  const tool = engine === 'cmu' && cmu ? cmu : cliTool()
  const ground = new Ground({ engine, world: tool.world(), isLocked: true, bastion })
  try {
    await act(ground)
  } finally {
    ground.remove()
  }
}

/** A step that only looks, with some of its data changed by somebody who has the role. */
async function forged(ground: Ground, change: (call: ScriptCall) => Record<string, string>) {
  const spec = await ground.approved({ scope: usersOnly })
  const call = ground.engine.write(spec, { kind: 'inspect' }, { operation: operationId(REQUEST_ID, 7), until: LATE })
  return ground.ask({ ...call, data: { ...call.data, ...change(call) } })
}

const dialogue = (...lines: readonly string[]) => ({ dialogue: packed(`${lines.join('\n')}\n`) })

describe.concurrent('a locked document', () => {
  it.each(bothTools)('does all that the script does: $engine', (tool) =>
    expectEnd(
      tool,
      { when: '', bastion: 'real', options: { scope: { users: { kind: 'all' }, keys: theKeys(262159, 262162) } } },
      {
        ...changed,
        state: 'succeeded',
        users: '5 already, 2 synced',
        keys: '2 synced',
        arrived: { ...ALL_ARRIVED, keys: [262159, 262162] },
      },
      true,
    ),
  )

  it.each([
    ['cmu', 'send deleteUser CU crypto_user1'],
    ['cmu', 'send changePswd CO admin Another-1'],
    ['cloudhsm-cli', 'send user delete --username crypto_user1 --role crypto-user'],
    [
      'cloudhsm-cli',
      'try key replicate --filter key-reference=0x0000000000040001 --source-cluster-id cluster-7klmnopqrst --destination-cluster-id cluster-2abcdefghij',
    ],
    ['cloudhsm-cli', 'send key delete --filter attr.label=x'],
  ] as const)('%s: plays no line such as `%s`', (engine, line) =>
    onLocked(engine, async (ground) => {
      const block = await forged(ground, () => dialogue('mark login', line))
      expect(block).toMatchObject({ result: 'refused-input', detail: expect.stringContaining('no dialogue has') })
      expect(ground.logins()).toEqual([])
    }),
  )

  it.each([
    ['without TLS', (text: string) => text.replace('"server_ssl": "yes"', '"server_ssl": "no"')],
    [
      'without end-to-end encryption',
      (text: string) => text.replace(/("e2e_encryption": \{\s*"enable": )"yes"/, '$1"no"'),
    ],
    ['with white space in a value', (text: string) => text.replace('"server_ssl": "yes"', '"server_ssl": "y es"')],
    ['with an escape', (text: string) => text.replace('"server_ssl": "yes"', '"server_ss\\u006c": "no"')],
    [
      'with a name for an address',
      (text: string) => text.replace(/"hostname": "[^"]*"/, '"hostname": "attacker.example"'),
    ],
    ['with another CA', (text: string) => text.replace('/etc/certs"', '/etc/certs2"')],
  ])('cmu: connects with no configuration %s', (_, edit) =>
    onLocked('cmu', async (ground) => {
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

  it('cmu: gives no password where a server is not encrypted, whatever the dialogue asks for', () =>
    onLocked('cmu', async (ground) => {
      ground.world.update((state) => {
        for (const hsm of destinationOf(state).hsms) hsm.faults.noE2E = true
      })
      const block = await forged(ground, () => dialogue('mark login', 'login', 'send listUsers'))
      expect(block).toMatchObject({ result: 'stopped-need', detail: expect.stringContaining('E2E enabled on server') })
      expect(ground.logins()).toEqual([])
    }))

  it.each([
    ['another login', 'logins', ':secretsmanager:hsm/somebody-elses'],
    ['another destination', 'lock', 'cluster-2abcdefghij'],
    ['another action', 'action', 'shell'],
    ['a value with a shell’s signs', 'operation', 'A.1; id'],
    ['a dialogue that is not packed', 'dialogue', '$(id)'],
  ])('takes no %s: SSM itself refuses it', (_, name, value) =>
    onLocked(
      'cmu',
      (ground) => expect(forged(ground, () => ({ [name]: value }))).rejects.toThrow(/does not match/),
      'in memory',
    ),
  )

  it('says what it lacks where the agent is too old to hand parameters over', async () => {
    await onLocked('cmu', async (ground) => {
      const { mainSteps } = JSON.parse(ground.document())
      const lines: readonly string[] = mainSteps[0].inputs.runCommand
      const old = new Ground({ engine: 'cmu', world: bothTools[0]?.world() ?? cliTool().world() })
      await old.ask({ tool: 'cmu', data: {}, lines })
      expect(old.printed.join('')).toContain('SSM Agent 3.3.2746.0 or newer is needed')
      old.remove()
    })
  })
})
