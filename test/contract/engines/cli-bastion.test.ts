import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { operationId } from '../../../src/domain/ids.ts'
import { isRefusal } from '../../../src/domain/refusal.ts'
import { KEY_SERVER } from '../../../src/domain/run-plan.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import { REQUEST_ID, sure } from '../../fixtures/examples.ts'
import { Ground, type RunOptions } from '../../harness/engine-run.ts'
import type { BastionSpec } from '../../simulator/world/world-spec.ts'
import type { WorldState } from '../../simulator/world/world-state.ts'
import { theKeys } from './scenario.ts'
import { cliTool, reference } from './tools.ts'
import { arrived, destinationOf, sourceOf } from './truth.ts'

// What CloudHSM CLI's engine does to the bastion, and what it refuses to work with there.

const tool = cliTool()

async function onGround(bastion: Partial<BastionSpec>, act: (ground: Ground) => Promise<void>): Promise<void> {
  const bastions = tool.world().bastions.map((one) => ({ ...one, ...bastion }))
  const ground = new Ground({ engine: tool.engine, world: tool.world({ bastions }) })
  try {
    await act(ground)
  } finally {
    ground.remove()
  }
}

/** The operator's file and its folder as every other process of the bastion sees them. */
function operators({ files }: Ground): unknown {
  const { ino, mtimeMs, mode } = statSync(files.cliConfig)
  return {
    text: readFileSync(files.cliConfig, 'utf8'),
    ino,
    mtimeMs,
    mode,
    folder: readdirSync(dirname(files.cliConfig)),
  }
}

async function untilTyped(ground: Ground, text: string): Promise<void> {
  const isTyped = () => ground.sessions().some(({ commands }) => commands.some((line) => line.includes(text)))
  for (let wait = 0; wait < 800 && !isTyped(); wait++) await sleep(25)
  expect(isTyped()).toBe(true)
}

describe('the operator’s cloudhsm-cli.cfg stays as it is, byte for byte', () => {
  const slow = (state: WorldState) => tool.disturbUser(state, 'crypto_user6', { do: 'delay', ms: 20_000 })
  const killed = (ground: Ground): RunOptions => ({
    scope: { users: { kind: 'listed', items: ['crypto_user5', 'crypto_user6'] }, keys: { kind: 'none' } },
    during: async (plan, script) => {
      if (plan.kind !== 'sync-users') return
      await untilTyped(ground, 'crypto_user6')
      script.kill('cancel')
    },
  })

  it.concurrent('after a script that is killed in a step', () =>
    onGround({}, async (ground) => {
      ground.world.update(slow)
      const before = operators(ground)
      const { outcome } = await ground.run(killed(ground))
      expect(outcome.state).toBe('partial')
      expect(operators(ground)).toEqual(before)
    }))

  it.concurrent('while a step runs: only that step sees the file for both clusters; and after a success, with no private file left', () =>
    onGround({}, async (ground) => {
      const before = operators(ground)
      const seen: unknown[] = []
      ground.world.update((state) => tool.disturbKey(state, 262159, { do: 'delay', ms: 500 }))
      const { outcome } = await ground.run({
        scope: { users: { kind: 'none' }, keys: theKeys(262159) },
        during: async (plan) => {
          if (plan.kind !== 'sync-keys' || !plan.canary) return
          await untilTyped(ground, reference(262159))
          seen.push(operators(ground))
        },
      })
      expect(outcome.state).toBe('succeeded')
      expect(seen).toEqual([before])
      expect(operators(ground)).toEqual(before)
      expect(readdirSync(ground.files.workDir)).toEqual([])
    }))
})

describe('a cli.config that is not where configure-cli writes', () => {
  it('costs nobody anything: the operator’s file is read only to configure-cli, and the request is refused', () =>
    onGround({ cliConfig: '{"clusters":[]}\n' }, async (ground) => {
      const before = operators(ground)
      const elsewhere = join(ground.files.root, 'etc/cloudhsm-cli.cfg')
      mkdirSync(dirname(elsewhere))
      const { source, destination, bastion } = await ground.approved()
      const draft = { source, destination, bastion: { ...bastion, configPath: elsewhere } }
      const block = await ground.ask(ground.engine.baseQuery(draft, operationId(REQUEST_ID, 1)))
      expect(block).toMatchObject({ result: 'refused-configure', detail: expect.stringContaining('EROFS') })
      expect(operators(ground)).toEqual(before)
    }))
})

describe('private files', () => {
  it('of a killed step are removed by the next step for that destination, and by no other', () =>
    onGround({}, async (ground) => {
      const spec = await ground.approved()
      const plan = { kind: 'sync-keys', server: KEY_SERVER, handles: [262162] } as const
      ground.world.update((state) => tool.disturbKey(state, 262162, { do: 'delay', ms: 20_000 }))
      await ground.ask(
        ground.engine.write(spec, plan, { operation: operationId(REQUEST_ID, 1), until: Number.MAX_SAFE_INTEGER }),
        async (script) => {
          await untilTyped(ground, reference(262162))
          script.kill('cancel')
        },
      )
      const left = `hsm-sync.${spec.destination.clusterId}.${operationId(REQUEST_ID, 1)}`
      const another = 'hsm-sync.cluster-2222222222222.XYZ1.1'
      mkdirSync(join(ground.files.workDir, another))
      expect(readdirSync(ground.files.workDir).sort()).toEqual([another, left])
      const block = await ground.ask(
        ground.engine.write(
          spec,
          { kind: 'inspect' },
          { operation: operationId(REQUEST_ID, 2), until: Number.MAX_SAFE_INTEGER },
        ),
      )
      expect(block?.result).toBe('done')
      expect(readdirSync(ground.files.workDir)).toEqual([another])
    }))
})

describe('a configuration that does not name exactly the approved HSMs: nothing logs in', () => {
  const swap = (state: WorldState) => {
    const [one, other] = [sure(sourceOf(state).hsms[0]), sure(destinationOf(state).hsms[0])]
    const ips = [one.ip, other.ip].map(sure)
    Object.assign(one, { ip: ips[1] })
    Object.assign(other, { ip: ips[0] })
  }

  // One approval for all of them, and one bastion, in the state that the approval found.
  let ground: Ground
  let spec: Spec
  let before: WorldState
  let configure: string
  beforeAll(async () => {
    ground = new Ground({ engine: tool.engine, world: tool.world() })
    spec = await ground.approved()
    before = ground.world.read()
    configure = readFileSync(ground.files.configure, 'utf8')
  })
  afterEach(() => {
    ground.world.update((state) => Object.assign(state, structuredClone({ ...before, generation: state.generation })))
    writeFileSync(ground.files.configure, configure)
  })
  afterAll(() => ground?.remove())

  it.each<[string, string, (state: WorldState) => void]>([
    [
      'an HSM has another address',
      'other-hsms',
      (state) => Object.assign(sure(destinationOf(state).hsms[0]), { ip: '10.8.9.9' }),
    ],
    ['two HSMs of the two clusters changed places', 'other-hsms', swap],
    ['the cluster has gone', 'not-configured', (state) => state.clusters.pop()],
    [
      'configure-cli says that it did',
      'not-configured',
      (state) => state.toolFaults.push({ command: 'configure-cli', do: 'lie' }),
    ],
  ])('%s', async (_what, stop, meanwhile) => {
    ground.world.update(meanwhile)
    const { outcome } = await ground.runApproved(spec)
    expect(outcome).toMatchObject({
      state: 'failed',
      proof: 'none',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: stop },
    })
    expect(ground.logins()).toEqual([])
    expect(ground.sessions().filter(({ commands }) => commands[0] !== '--version')).toEqual([])
  })

  it('configure-cli configures another cluster than it was told', async () => {
    makeItConfigureAnother(ground)
    const { outcome } = await ground.runApproved(spec)
    expect(outcome).toMatchObject({
      state: 'failed',
      evidence: expect.stringMatching(/-sent$/),
      stop: { code: 'other-hsms' },
    })
    expect(ground.logins()).toEqual([])
    const again = await ground.derive()
    expect(again).toMatchObject({ refused: { code: 'tool-config', problem: 'other-clusters' } })
  })
})

const makeItConfigureAnother = (ground: Ground) => makeItWrite(ground, 's/cluster-7klmnopqrst/cluster-7klmnopqrst2/')

/** configure-cli whose file is then changed by sed. */
function makeItWrite({ files }: Ground, change: string): void {
  const text = readFileSync(files.configure, 'utf8').replace('exec ', '').replace('#!/bin/sh\n', '#!/bin/sh\nexport ')
  writeFileSync(files.configure, `${text.replace("' '/", "'\n'/")}sed -i '${change}' '${files.cliConfig}'\n`)
}

describe('a request is refused', () => {
  it.concurrent.each([['5.14.9', { code: 'tool-version', found: '5.14.9', needed: '5.15' }]])(
    'with Client SDK %s',
    (clientSdk5, refused) =>
      onGround({ clientSdk5 }, async (ground) => {
        expect(await ground.derive()).toMatchObject({ refused })
      }),
  )

  it.concurrent.each(['5.15.0'])('but not with Client SDK %s', (clientSdk5) =>
    onGround({ clientSdk5 }, async (ground) => {
      const spec = await ground.derive()
      expect(isRefusal(spec) ? spec : spec.toolVersion).toBe(clientSdk5)
    }),
  )

  it('when the bastion’s role may not describe clusters, with AWS’s own words', () =>
    onGround({ denied: true }, async (ground) => {
      const spec = await ground.derive()
      const refused = {
        code: 'tool-config',
        problem: 'configure',
        detail: expect.stringMatching(/CloudHsmAccessDenied/),
      }
      expect(spec).toMatchObject({ refused })
    }))

  it.concurrent.each([
    ['white space in an address', 's/10.8.1.4/1 0.8.1.4/', 'other-hosts', '"1 0.8.1.4"'],
    ['another cluster', 's/cluster-2abcdefghij/cluster-2abcdefghik/', 'other-clusters', '"cluster-2abcdefghik"'],
  ])('when configure-cli writes %s', (_what, change, problem, detail) =>
    onGround({}, async (ground) => {
      makeItWrite(ground, change)
      expect(await ground.derive()).toMatchObject({
        refused: { code: 'tool-config', problem, detail: expect.stringContaining(detail) },
      })
    }),
  )

  it('where a mount does nothing, and the operator’s file stays as it is', () =>
    onGround({}, async (ground) => {
      writeFileSync(join(ground.files.root, 'usr/bin/mount'), '#!/bin/sh\n', { mode: 0o755 })
      const before = readFileSync(ground.files.cliConfig, 'utf8')
      const detail = expect.stringContaining('does not show the private folder')
      expect(await ground.derive()).toMatchObject({ refused: { code: 'tool-config', problem: 'namespace', detail } })
      expect(readFileSync(ground.files.cliConfig, 'utf8')).toBe(before)
    }))

  it('where the script may make no mount namespace, in the system’s own words, and configure-cli is not started', () =>
    onGround({}, async (ground) => {
      const words = 'unshare: unshare failed: Operation not permitted'
      writeFileSync(join(ground.files.root, 'usr/bin/unshare'), `#!/bin/sh\necho '${words}' >&2\nexit 1\n`, {
        mode: 0o755,
      })
      const refused = { code: 'tool-config', problem: 'namespace', detail: words }
      expect(await ground.derive()).toMatchObject({ refused })
      expect(ground.recordings().filter(({ tool }) => tool === 'configure-cli')).toEqual([])
    }))

  it('never with a look that changes the clusters, logs in, or leaves files', () =>
    onGround({}, async (ground) => {
      const before = ground.world.read()
      await ground.derive()
      expect(arrived(before, ground.world.read())).toEqual({ users: [], keys: [] })
      expect(ground.logins()).toEqual([])
      expect(readdirSync(ground.files.workDir)).toEqual([])
    }))
})
