import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { playProgram } from '../simulator/bin/played-program.mjs'
import { type Dialect, dialectDimensions, dialectOf } from '../simulator/bin/shared/dialect.mjs'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { hsmOf } from '../simulator/world/world.ts'
import type { ToolFault, WorldSpec } from '../simulator/world/world-spec.ts'
import { largeWorld, plantedPassword, twoClusters } from '../simulator/worlds.ts'

// Sessions with the fake cloudhsm_mgmt_util. They are played in this process, as simulator-programs.test.ts holds them
// to the program; where processes, pipes or signals are the matter, the program is driven through a pipe as on a
// bastion.

const source = '10.0.1.7'
const destinations = ['10.8.1.4', '10.8.2.6']
const login = `loginHSM CO admin ${plantedPassword}`
let simulator: Simulator

afterEach(() => simulator.stop())

async function start(overrides: Partial<WorldSpec> = {}, seed = 1): Promise<void> {
  simulator = await startSimulator({ seed, world: twoClusters(overrides) })
}

function mergedConfig(change: (server: Record<string, unknown>) => void = () => {}): string {
  const config = JSON.parse(readFileSync(simulator.bastionPaths('us-bastion').config, 'utf8'))
  config.servers = [source, ...destinations].map((ip) => {
    const server = { ...config.servers[0], name: ip, hostname: ip }
    change(server)
    return server
  })
  const path = join(simulator.directory, 'merged.cfg')
  writeFileSync(path, JSON.stringify(config))
  return path
}

interface Ended {
  readonly text: string
  readonly code: number | null
  readonly signal: string | null
}

async function session(lines: readonly string[], config = mergedConfig()): Promise<Ended> {
  const variables = { SIM_STATE: simulator.world.path, SIM_BASTION: 'i-0123456789abcdef0', SIM_ETC: '' }
  const input = `${lines.join('\n')}\n`
  const { stdout, status, signal } = playProgram('cloudhsm_mgmt_util', { variables, words: [config], input })
  return { text: byLine(stdout), code: status, signal }
}

function program(lines: readonly string[], config = mergedConfig()): Promise<Ended> {
  const child = spawn(simulator.bastionPaths('us-bastion').binary, [config], { stdio: ['pipe', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A session that ended early closes its end of the pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(`${lines.join('\n')}\n`)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ text: byLine(Buffer.concat(chunks).toString('utf8')), code, signal })
    })
  })
}

/** Piped input is not echoed, so an answer begins right behind the prompt: this gives it a line of its own. */
function byLine(text: string): string {
  return text.replace(/^(aws-cloudhsm|server ?\d?)> ?/gm, '$&\n')
}

const handlesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).keys.map((key) => key.handle)
const namesOf = (hsmId: string) => hsmOf(simulator.world.read(), hsmId).users.map((user) => user.name)

const everyValue = Object.entries(dialectDimensions)
  .filter(([name]) => !name.startsWith('cli'))
  .flatMap(([name, values]) =>
    values.map((value): [string, Partial<Dialect>] => [`${name}: ${value}`, { [name]: value }]),
  )

describe.each(everyValue)('a whole sync in the dialect %s', (_title, dialect) => {
  it('says what happened, and it did', async () => {
    await start({ dialect })
    const lines = [
      'info server 0',
      'info server 1',
      'listUsers',
      login,
      'server 0',
      'findAllKeys 4 1',
      'syncUser 7 1',
      'syncUser 7 2',
      'syncKey 262163 1',
      'exit',
      'findAllKeys 3 1',
      'logoutHSM',
      'quit',
    ]
    const { text, code } = await session(lines)

    expect(text.match(/^Connected to server '10/gm)).toHaveLength(3)
    expect(text.match(/^E2E enabled on server \d\(10\.\d\.\d\.\d\)$/gm)).toHaveLength(3)
    expect(text).toMatch(
      /Partition +LoginState\n0 +10\.0\.1\.7 +10\.0\.1\.7 +2225 +Connected +hsm-2uuuuuuuuu1 +Not logged in\n/,
    )
    expect(text.match(/^Users on server \d\(10\.\d\.\d\.\d\):\nNumber of users found:\d\n/gm)).toHaveLength(3)
    expect(text).toMatch(/^ +1 +P?CO +admin +YES +0( +NO)?$/m)
    expect(text.match(/^loginHSM success on server/gm)).toHaveLength(3)
    expect(text).toMatch(
      /number of keys matched from start index 0::4\n8\(o\),262151\(o\),262157\(o\),262163\((o|o,s)\)\nKey Hash:\n[0-9a-f]{64}\n/,
    )
    expect(text.match(/^syncUser success$/gm)).toHaveLength(2)
    expect(text.match(/^syncKey success$/gm)).toHaveLength(1)
    expect(text.trimEnd()).toMatch(/disconnecting from servers, please wait\.\.\.$/)
    expect(code).toBe(simulator.world.read().dialect.exitCode)

    for (const hsm of ['hsm-7eeeeeeeee1', 'hsm-7eeeeeeeee2']) {
      expect(namesOf(hsm)).toContain('crypto_user5')
      expect(handlesOf(hsm)).toContain(262_163)
    }
    expect(simulator.violations()).toEqual([])
    expect(simulator.sessions()).toMatchObject([{ tool: 'cmu', ended: true }])
    expect(simulator.logins()).toMatchObject(
      [source, ...destinations].map((target) => ({ tool: 'cmu', user: 'admin', target, ok: true })),
    )
    expect(simulator.sessions()[0]?.commands).toContain('loginHSM CO admin ***')
  })
})

describe('dialects', () => {
  it('are all chosen by some small seed, and the same one always by the same seed', async () => {
    const chosen = Array.from({ length: 40 }, (_, seed) => dialectOf(seed))
    for (const [name, values] of Object.entries(dialectDimensions)) {
      const seen = new Set(chosen.map((dialect) => Object.entries(dialect).find(([key]) => key === name)?.[1]))
      expect([name, seen.size]).toEqual([name, values.length])
    }
    expect(dialectOf(3)).toEqual(chosen[3])
    await start()
  })
})

describe('a driver that waits for the prompt', () => {
  it('gets an answer to each line before it sends the next', async () => {
    await start({ dialect: { prompt: 'aws-cloudhsm>', blankLines: false, echo: false } })
    const child = spawn(simulator.bastionPaths('us-bastion').binary, [mergedConfig()])
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += String(chunk)
    })
    const closed = new Promise((resolve) => child.on('close', resolve))
    await expect.poll(() => text, { timeout: 5000 }).toMatch(/aws-cloudhsm>$/)
    child.stdin.write('info server 2\n')
    await expect.poll(() => text).toMatch(/hsm-7eeeeeeeee2 +Not logged in\naws-cloudhsm>$/)
    child.stdin.end('quit\n')
    await closed
    expect(text).toMatch(/please wait\.\.\.\n$/)
  })

  it('leaves at the end of the input', async () => {
    await start()
    expect((await program(['info server 0'])).text).toMatch(/please wait\.\.\.\n$/)
  })
})

describe('connecting', () => {
  it.each([
    [false, 2],
    [true, 1],
  ])('goes on after a server that does not answer (renumber: %s)', async (renumber, number) => {
    await start()
    simulator.world.update((state) => {
      hsmOf(state, 'hsm-7eeeeeeeee1').faults = { refuse: true, renumber }
    })
    const { text } = await session(['quit'])
    expect(text).toContain('Connection to server 10.8.1.4(10.8.1.4) on port 2225 failed:Connection timed out')
    expect(text).toContain(`E2E enabled on server ${number}(10.8.2.6)`)
  })

  it('still gives a prompt without end-to-end encryption, and then refuses to log in', async () => {
    await start()
    simulator.world.update((state) => {
      hsmOf(state, 'hsm-7eeeeeeeee1').faults = { noE2E: true }
    })
    const { text } = await session([login, 'quit'])
    expect(text).toContain('Server 1(10.8.1.4) is in unencrypted mode now...\nrunning in limited commands mode')
    expect(text).not.toContain('E2E enabled on server 1')
    expect(text).toContain('aws-cloudhsm>')
    expect(text).not.toContain('loginHSM success')
  })

  it('shows another HSM than expected behind an address', async () => {
    await start()
    simulator.world.update((state) => {
      hsmOf(state, 'hsm-7eeeeeeeee1').faults = { partition: 'hsm-9zzzzzzzzz9' }
    })
    expect((await session(['info server 1', 'quit'])).text).toContain('hsm-9zzzzzzzzz9')
  })

  it.each(['pkey', 'server_ssl', 'e2e_encryption', 'port'])('refuses a configuration without %s', async (field) => {
    await start()
    const config = mergedConfig((server) => {
      delete server[field]
    })
    const { text, code } = await session(['quit'], config)
    expect(text).toContain(field)
    expect(text).not.toContain('Connected')
    expect(code).toBe(1)
  })
})

describe('logging in', () => {
  it('counts wrong passwords on every HSM, locks after five, and never tells the difference', async () => {
    await start({ dialect: { quotesFailedLogin: false, loginFailureSuffix: false } })
    for (let attempt = 0; attempt < 5; attempt++) await session(['loginHSM CO admin wrong', 'quit'])
    const counts = ['hsm-2uuuuuuuuu1', 'hsm-7eeeeeeeee1', 'hsm-7eeeeeeeee2'].map(
      (id) => hsmOf(simulator.world.read(), id).users[0]?.loginFailures,
    )
    expect(counts).toEqual([5, 5, 5])
    const { text } = await session(['listUsers', login, 'quit'])
    expect(text).toMatch(/admin +YES +5/)
    expect(text.match(/loginHSM failed: HSM Error: RET_USER_LOGIN_FAILURE/g)).toHaveLength(3)
  })

  it('has another text for a user who does not exist', async () => {
    await start()
    const { text } = await session(['loginHSM CO nobody x', 'quit'])
    expect(text).toContain("loginHSM failed: HSM Error: user isn't initialized or user with this name doesn't exist")
  })

  it('is needed before keys are listed or copied', async () => {
    await start()
    const { text } = await session(['findAllKeys 3 0', 'server 0', 'syncKey 262163 1', 'quit'])
    expect(text).not.toContain('success')
  })
})

describe('copying', () => {
  const sync = (...commands: string[]) => session([login, 'server 0', ...commands, 'quit'])

  it.each([
    ['a user who exists', ['syncUser 7 1', 'syncUser 7 1'], 'user already created, unable to insert object', 1],
    ['a user id that nobody has', ['syncUser 77 1'], "user isn't initialized", 0],
    ['a key that exists', ['syncKey 7 1'], 'violates the current configured/FIPS policies', 0],
    ['a handle that does not exist', ['syncKey 99 1'], 'Invalid object handle', 0],
    ['a key whose owner is missing there', ['syncKey 262160 1'], "user isn't initialized", 0],
    ['a destination that does not exist', ['syncUser 7 9'], 'Invalid input data/params', 0],
  ])('refuses %s', async (_title, commands, text, successes) => {
    await start()
    simulator.world.update((state) => {
      const us = hsmOf(state, 'hsm-2uuuuuuuuu1')
      us.keys.push({ handle: 262_160, owner: 'crypto_user6', sharedWith: [], label: 'x', material: 'x' })
    })
    const result = await sync(...commands)
    expect(result.text).toContain(text)
    expect(result.text.match(/^sync(User|Key) success$/gm) ?? []).toHaveLength(successes)
  })

  it('refuses clusters that are not clones, and copying outside server mode', async () => {
    await start()
    expect((await session([login, 'syncUser 7 1', 'quit'])).text).not.toContain('syncUser success')
    simulator.world.update((state) => {
      for (const cluster of state.clusters) cluster.lineage = cluster.clusterId
    })
    expect((await sync('syncUser 7 1', 'syncKey 262163 1')).text).not.toMatch(/sync(User|Key) success/)
  })

  it('spreads a key, not a user, to the other HSMs, after a while', async () => {
    await start({ spreadMs: 6000 })
    await sync('syncUser 7 1', 'syncKey 262163 1')
    expect(namesOf('hsm-7eeeeeeeee2')).not.toContain('crypto_user5')
    const listed = async () => (await session([login, 'server 2', 'findAllKeys 8 0', 'quit'])).text.includes('262163(')
    expect(await listed()).toBe(false)
    await expect.poll(listed, { timeout: 60_000 }).toBe(true)
  })

  it('sees what another session has done in the meantime', async () => {
    await start()
    const beside = (command: string) => program([login, 'server 0', command, 'quit'])
    await Promise.all(['syncUser 7 1', 'syncUser 7 1', 'syncUser 8 1', 'syncUser 8 2'].map(beside))
    const ids = hsmOf(simulator.world.read(), 'hsm-7eeeeeeeee1').users.map((user) => user.id)
    expect(
      namesOf('hsm-7eeeeeeeee1')
        .filter((name) => /[56]$/.test(name))
        .sort(),
    ).toEqual(['crypto_user5', 'crypto_user6'])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('what must never be sent', () => {
  it.each(['createUser CU x y', 'deleteUser CU x', 'changePswd CO admin x', 'enableSomething'])('%s', async (line) => {
    await start()
    const { text } = await session([login, line, 'y', 'quit'])
    expect(simulator.violations()[0]).toContain(line.split(' ')[0])
    expect(text).not.toMatch(/(createUser|deleteUser|changePswd) success/)
  })
})

describe('planned misbehaviour', () => {
  const lines = (...after: string[]) => [login, 'server 0', 'syncKey 262163 1', ...after, 'quit']
  const play = async (fault: ToolFault, ...after: string[]) => {
    await start({ toolFaults: [fault], dialect: { echo: false } })
    return await session(lines(...after))
  }
  const arrived = () => handlesOf('hsm-7eeeeeeeee1').includes(262_163)

  it.each<[ToolFault['do'], RegExp, boolean]>([
    ['fail', /syncKey failed: /, false],
    ['mask-error', /InsertMaskedObject: 0x[^0]/, false],
    ['silent-noop', /^/, false],
    ['lie', /syncKey success/, false],
    ['new-handle', /syncKey success/, false],
    ['twice', /syncKey success/, true],
    ['delay', /syncKey success/, true],
  ])('%s', async (kind, text, isThere) => {
    const before = handlesOfFresh
    const result = await play({ command: 'syncKey', match: '262163', do: kind, ms: 50 })
    expect(result.text).toMatch(text)
    expect(arrived()).toBe(isThere)
    const count = handlesOf('hsm-7eeeeeeeee1').length - before
    expect(count).toBe(kind === 'twice' ? 2 : kind === 'new-handle' || isThere ? 1 : 0)
  })

  it('question: takes the next line as its answer', async () => {
    const { text } = await play({ command: 'syncKey', do: 'question' }, 'I', 'info server 0')
    expect(text).toContain('Retry/Ignore/Abort?(R/I/A):')
    expect(text).toContain('hsm-2uuuuuuuuu1')
    expect(arrived()).toBe(false)
  })

  it('cut: does it and ends in the middle of its text', async () => {
    const { text } = await play({ command: 'syncKey', do: 'cut' })
    expect(text).not.toMatch(/syncKey success|please wait\.\.\.\n$/)
    expect(arrived()).toBe(true)
  })

  it.each([false, true])('kill: before or after the effect (after: %s)', async (after) => {
    await start({ toolFaults: [{ command: 'syncKey', do: 'kill', after }], dialect: { echo: false } })
    const { signal, code } = await program(lines())
    expect(signal ?? code).toBe('SIGKILL')
    expect(arrived()).toBe(after)
    expect(simulator.sessions()).toMatchObject([{ ended: false }])
    // The next session is not held up by what the killed one left.
    expect((await program([login, 'server 0', 'syncKey 262158 1', 'quit'])).text).toContain('sync')
  })
})

describe('a session killed at any moment', () => {
  it('has kept everything it acknowledged, and holds nobody up', async () => {
    simulator = await startSimulator({ world: largeWorld(5, 1500), seed: 2 })
    const config = mergedConfig()
    const users = [3, 4, 5, 6, 7].map((id) => `syncUser ${id} 1`)
    await program([login, 'server 0', ...users, 'quit'], config)
    const keys = hsmOf(simulator.world.read(), 'hsm-2uuuuuuuuu1').keys.map(({ handle }) => handle)
    for (const [turn, part] of [keys.slice(0, 500), keys.slice(500, 1000), keys.slice(1000)].entries()) {
      const child = spawn(simulator.bastionPaths('us-bastion').binary, [config])
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += String(chunk)
        if (text.split('syncKey success').length > 20 + turn * 60) child.kill('SIGKILL')
      })
      child.stdin.on('error', () => {})
      child.stdin.end(`${[login, 'server 0', ...part.map((handle) => `syncKey ${handle} 1`), 'quit'].join('\n')}\n`)
      await new Promise((resolve) => child.on('close', resolve))
      const acknowledged = text.split('syncKey success').length - 1
      const arrived = new Set(handlesOf('hsm-7eeeeeeeee1'))
      expect(part.slice(0, acknowledged).every((handle) => arrived.has(handle))).toBe(true)
    }
    expect((await program(['listUsers', 'quit'], config)).text).toContain('crypto_user5')
  })
})

describe('at the quota', () => {
  it('copies 3,300 keys in one session without getting slow', async () => {
    simulator = await startSimulator({ world: largeWorld(50, 3300) })
    const us = hsmOf(simulator.world.read(), 'hsm-2uuuuuuuuu1')
    const users = us.users
      .filter((user) => user.type === 'CU')
      .flatMap(({ id }) => [`syncUser ${id} 1`, `syncUser ${id} 2`])
    const keys = us.keys.map((key) => `syncKey ${key.handle} 1`)
    const started = Date.now()
    const { text } = await program([login, 'server 0', ...users, ...keys, 'quit'])
    const elapsed = Date.now() - started
    expect(text.match(/^syncUser success$/gm)).toHaveLength(100)
    expect(text.match(/^syncKey success$/gm)).toHaveLength(3300)
    expect(handlesOf('hsm-7eeeeeeeee2')).toHaveLength(3300)
    expect(elapsed).toBeLessThan(20_000)
    console.log(`3,300 keys and 100 users in ${elapsed} ms`)
  }, 30_000)
})

// Keys that prod-eu has in `twoClusters` before anything was copied.
const handlesOfFresh = twoClusters().clusters[1]?.keys.length ?? 0
