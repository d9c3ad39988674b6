import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseBlock } from '../../../src/engines/printed.ts'
import { type Answer, Bastion, PASSWORD, PLATFORMS_HERE, SCRIPTS, session, tool } from '../../fixtures/bastion.ts'

const LOGIN = { logins: ':secretsmanager:hsm/crypto-officer' }

describe('the script as a document', () => {
  it.each([
    'bastion.sh',
    'cmu/tool.sh',
    'cloudhsm-cli/configure.sh',
    'cloudhsm-cli/failed-logins.sh',
    'cloudhsm-cli/tool.sh',
  ])('%s can be read in one sitting', (name) => {
    const text = readFileSync(new URL(`../../../src/engines/${name}`, import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThan(200)
  })
  it.each(Object.entries(SCRIPTS))('%s: holds nothing that SSM would replace', (_, { text }) =>
    expect(text).not.toContain('{{'),
  )

  const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
  if (!hasShellcheck) console.warn('SKIPPED: shellcheck is not installed, so bastion.sh is NOT checked by it here')
  it.skipIf(!hasShellcheck).each(Object.entries(SCRIPTS))(
    '%s: is clean for shellcheck, without exceptions (skipped where it is not installed)',
    (_, { text: script }) => {
      const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], { input: script, encoding: 'utf8' })
      expect(stdout).toBe('')
      expect(script).not.toContain('shellcheck disable')
    },
  )
})

describe.each(PLATFORMS_HERE)('%s', (platform) => {
  let bastion: Bastion
  beforeEach(() => {
    bastion = new Bastion(platform)
  })
  afterEach(() => bastion.remove())

  describe('a session', () => {
    it('sends each command to a prompt, ends with quit, and answers with the whole conversation', async () => {
      const { block, code, text } = await bastion.session('AB12.1', ['send one', 'mark read', 'send two'])
      expect(bastion.told()).toEqual(['start', 'one', 'two', 'quit'])
      expect(text?.split('\x1e').slice(0, 3)).toEqual([
        'Connected\naws-cloudhsm>',
        'did one\naws-cloudhsm>',
        'did two\naws-cloudhsm>',
      ])
      expect(block).toMatchObject({ operation: 'AB12.1', result: 'done', sent: 2, mark: 'read' })
      expect(code).toBe(0)
    })

    it('runs at most once per operation, however often it is sent', async () => {
      await bastion.session('AB12.1', ['send one'])
      const again = await Promise.all([1, 2, 3].map(() => bastion.session('AB12.1', ['send one'])))
      expect(again.map(({ block, code }) => [block?.result, code])).toEqual(
        Array(3).fill(['refused-already-started', 1]),
      )
      expect(bastion.told().filter((line) => line === 'one')).toHaveLength(1)
    })

    it('sent three times at once, runs once', async () => {
      const all = await Promise.all([1, 2, 3].map(() => bastion.session('AB12.1', ['send one'])))
      expect(all.map(({ block }) => block?.result).sort()).toEqual([
        'done',
        'refused-already-started',
        'refused-already-started',
      ])
      expect(bastion.told()).toEqual(['start', 'one', 'quit'])
    })

    it('leaves nothing in the work directory, and clears what a killed one left', async () => {
      const left = join(bastion.work, 'hsm-sync.cluster-7kkmnopqrst.OLD.1')
      const other = join(bastion.work, 'hsm-sync.cluster-other.OLD.1')
      for (const place of [left, other]) mkdirSync(place)
      writeFileSync(join(left, 'config'), 'private')
      await bastion.session('AB12.1', ['send one'])
      expect(readdirSync(bastion.work)).toEqual(['hsm-sync.cluster-other.OLD.1'])
    })

    it('forgets what is older than 30 days', async () => {
      const folder = join(bastion.state, 'operations')
      const days = (count: number) => (Date.now() - count * 86_400_000) / 1000
      for (const [name, age] of [
        ['OLD.1', 30.1],
        ['KEPT.1', 29.9],
      ] as const) {
        mkdirSync(join(folder, name), { recursive: true })
        writeFileSync(join(folder, name, 'result'), 'done\n\n')
        utimesSync(join(folder, name), days(age), days(age))
      }
      await bastion.session('AB12.1', ['send one'])
      const left = readdirSync(folder).filter((name) => !name.endsWith('.alive'))
      expect(left.sort()).toEqual(['AB12.1', 'KEPT.1'])
    })

    it('is refused when the config is not the approved one, before the tool starts', async () => {
      const { block, code } = await bastion.session('AB12.1', ['send one'], { sha256: '0'.repeat(64) })
      expect([block?.result, code]).toEqual(['refused-config-digest', 1])
      expect(bastion.told()).toEqual([])
      expect((await bastion.fetch('AB12.1')).block).toMatchObject({
        result: 'recorded',
        recorded: 'refused-config-digest',
        mark: 'none',
      })
    })

    it('is refused when the tool is missing or not executable, and names it', async () => {
      chmodSync(join(bastion.bin, 'cmu'), 0o644)
      const { block } = await bastion.session('AB12.1', ['send one'])
      expect(block).toMatchObject({
        result: 'refused-tool-missing',
        mark: 'none',
        detail: expect.stringContaining(join(bastion.bin, 'cmu')),
      })
    })

    it('for the same destination waits for nobody for long: the lock is held, so it is refused', async () => {
      const slow = bastion.install('cmu', tool('hold) sleep 60 ;;'))
      const first = bastion.start({ ...session('AB12.1', ['send hold']), binary: slow })
      await bastion.until('hold')
      try {
        const { block } = await bastion.session('AB12.2', ['send one'])
        expect(block?.result).toBe('refused-busy')
        const other = await bastion.session('AB12.3', ['send other'], { lock: 'cluster-2abcdefghij' })
        expect(other.block?.result).toBe('done')
      } finally {
        await first.kill()
      }
    })
  })

  describe('the gate', () => {
    it('nothing is sent to a tool that did not print what is needed', async () => {
      const { block, code } = await bastion.session('AB12.1', ['need Connected to 10\\.0\\.0\\.7', 'send one'])
      expect(bastion.told()).toEqual(['start', 'quit'])
      expect(block).toMatchObject({ result: 'stopped-need', detail: 'Connected to 10\\.0\\.0\\.7', sent: 0 })
      expect(code).toBe(3)
    })

    it('a need in the middle stops what stands behind it', async () => {
      const { block } = await bastion.session('AB12.1', [
        'need Connected',
        'send one',
        'need did two',
        'mark write',
        'send three',
      ])
      expect(bastion.told()).toEqual(['start', 'one', 'quit'])
      expect(block).toMatchObject({ result: 'stopped-need', mark: 'none', sent: 1 })
    })

    it.each([
      'Retry/Ignore/Abort?(R/I/A):',
      'Retry/rollBack/Ignore?(R/B/I):',
      'Do you want to continue(y/n)?',
      'Enter new password:',
    ])('a question is never answered: %s', async (question) => {
      bastion.install(
        'cmu',
        tool(`one) printf '%s' '${question}'; IFS= read -r reply; echo "reply $reply" >>"$TOOL_LOG" ;;`),
      )
      const { block, text } = await bastion.session('AB12.1', ['send one', 'send two'])
      expect(block).toMatchObject({ result: 'stopped-question', sent: 1 })
      expect(text).toContain(question)
      expect(bastion.told()).toEqual(['start', 'one'])
    })

    it('a tool that goes away ends it', async () => {
      bastion.install('cmu', tool('one) echo bye; exit 0 ;;'))
      const { block, text } = await bastion.session('AB12.1', ['send one', 'send two'])
      expect(block).toMatchObject({ result: 'stopped-gone', sent: 1 })
      expect(text).toContain('bye')
      expect(bastion.told()).toEqual(['start', 'one'])
    })
  })

  describe('fetching what an operation printed', () => {
    it('says not-started, and seals only when asked to', async () => {
      expect((await bastion.fetch('AB12.1')).block?.result).toBe('not-started')
      expect((await bastion.fetch('AB12.1', { seal: 'yes' })).block?.result).toBe('sealed')
      expect((await bastion.session('AB12.1', ['send one'])).block?.result).toBe('refused-already-started')
      expect((await bastion.fetch('AB12.1', { seal: 'yes' })).block?.result).toBe('sealed')
      expect(bastion.told()).toEqual([])
    })

    it('brings long output in chunks that fit into SSM, whole and equal to what was printed', async () => {
      bastion.install('cmu', tool(`one) head -c 60000 /dev/urandom | base64 -w 0 | tee "$TOOL_LOG.long"; echo ;;`))
      const first = await bastion.session('AB12.1', ['send one'])
      const count = first.block?.content?.chunks ?? 0
      const all: Answer[] = []
      for (let chunk = 1; chunk <= count; chunk++) all.push(await bastion.fetch('AB12.1', { chunk: `${chunk}` }))
      expect(count).toBeGreaterThan(2)
      for (const { output } of [first, ...all]) expect(output.length).toBeLessThan(24_000)
      const { assemble } = await import('../../../src/engines/printed.ts')
      const text = assemble(all.flatMap(({ block }) => block ?? []))?.text
      expect(text).toContain(readFileSync(`${bastion.log}.long`, 'utf8'))
    })

    it('a running one is running; killed, it says so, with the conversation so far and how far it came', async () => {
      bastion.install('cmu', tool('hold) sleep 60 ;;'))
      const child = bastion.start(session('AB12.1', ['mark read', 'send one', 'mark write', 'send hold', 'send never']))
      await bastion.until('hold')
      expect((await bastion.fetch('AB12.1', { seal: 'yes' })).block?.result).toBe('running')
      await child.kill()
      const killed = await bastion.fetch('AB12.1', { seal: 'yes' })
      expect(killed.block).toMatchObject({ recorded: 'stopped-killed', mark: 'write' })
      expect(killed.text).toContain('did one')
      expect((await bastion.fetch('AB12.1')).block?.recorded).toBe('stopped-killed')
      expect((await bastion.session('AB12.1', ['send one'])).block?.result).toBe('refused-already-started')
    })
  })

  describe('the password', () => {
    it('reaches the tool, and stands in no argument, environment, file or output, even where the tool echoes it', async () => {
      bastion.install('cmu', tool('loginHSM*) echo "$line"; echo "again: $line" ;;'))
      const { block, output, text } = await bastion.session('AB12.1', ['login', 'send one'], LOGIN)
      expect(block?.result).toBe('done')
      expect(bastion.told()[1]).toBe(`loginHSM CO officer ${PASSWORD}`)
      expect(text).toContain('again: loginHSM CO officer [redacted]')
      const seen = [
        output,
        text,
        bastion.leftOnDisk(),
        readFileSync(`${bastion.log}.env`, 'utf8'),
        readFileSync(`${bastion.log}.args`, 'utf8'),
      ]
      expect(seen.join('\n')).not.toContain(PASSWORD)
    })

    it.each([
      ["Terraform's jsonencode", 'a\\\\u0026b\\\\u003cc\\\\u003Ed1', 'a&b<c>d1'],
      ['a slash with an escape', 'a\\\\/b/c-1234', 'a/b/c-1234'],
    ])('is read through the escapes of JSON: %s', async (_, written, meant) => {
      bastion.install('aws', `printf '%s' '{"username":"officer","password":"${written.replaceAll('\\\\', '\\')}"}'`)
      await bastion.session('AB12.1', ['login', 'send one'], LOGIN)
      expect(bastion.told()[1]).toBe(`loginHSM CO officer ${meant}`)
    })

    it.each(['long\\\\u0022enough', 'long\\\\u005cenough', 'long\\\\u0061enough', 'long\\\\\\\\u0026enough'])(
      'is refused where an escape could be something else: %s',
      async (written) => {
        bastion.install('aws', `printf '%s' '{"username":"officer","password":"${written.replaceAll('\\\\', '\\')}"}'`)
        expect((await bastion.session('AB12.1', ['login'], LOGIN)).block?.result).toBe('refused-credentials')
      },
    )

    it.each([
      ['no user name', '{"password":"longenough1"}'],
      ['a user name with a space', '{"username":"a b","password":"longenough1"}'],
      ['no password', '{"username":"officer"}'],
      ['a password too short for an HSM', '{"username":"officer","password":"short1"}'],
      ['a password with a space', '{"username":"officer","password":"long enough"}'],
      ['a password with an escape', '{"username":"officer","password":"long\\\\nenough"}'],
      ['a password with a single quote', `{"username":"officer","password":"long'"'"'enough"}`],
      ['not even JSON', 'hunter2hunter2'],
    ])('a secret that cannot be used is refused without showing it: %s', async (_, secret) => {
      bastion.install('aws', `printf '%s' '${secret}'`)
      const { block, output } = await bastion.session('AB12.1', ['login', 'send one'], LOGIN)
      expect(block?.result).toBe('refused-credentials')
      expect(`${output}${bastion.leftOnDisk()}`).not.toMatch(/long.*enough|short1|hunter2/)
      expect(bastion.told()).toEqual([])
    })

    it('is refused with the words of AWS where it cannot be had', async () => {
      bastion.install('aws', 'echo "AccessDeniedException: not authorized" >&2; exit 254')
      const { block, code } = await bastion.session('AB12.1', ['login'], LOGIN)
      expect(block).toMatchObject({ result: 'refused-credentials' })
      expect(block?.detail).toContain('AccessDeniedException')
      expect(code).toBe(1)
    })

    it('is not asked for by a session without login', async () => {
      bastion.install('aws', 'echo asked >>"$TOOL_LOG"')
      await bastion.session('AB12.1', ['send one'])
      expect(bastion.told()).not.toContain('asked')
    })
  })

  describe('reading the base config', () => {
    const read = (config: string) => bastion.run({ action: 'read-config', operation: 'AB12.0', config })

    it('prints the bytes of the file, and leaves nothing behind', async () => {
      const path = join(bastion.root, 'cmu.cfg')
      writeFileSync(path, '{"a": 1}\r\n')
      expect((await read(path)).text).toBe('{"a": 1}\r\n')
      expect(existsSync(bastion.state)).toBe(false)
    })
    it('says what is wrong with it', async () => {
      expect((await read(join(bastion.root, 'absent'))).block?.result).toBe('refused-config-missing')
      expect((await read(bastion.root)).block?.result).toBe('refused-config-unreadable')
      writeFileSync(join(bastion.root, 'huge'), spawnSync('head', ['-c', '40000', '/dev/urandom']).stdout)
      expect((await read(join(bastion.root, 'huge'))).block?.result).toBe('refused-config-too-large')
    })
  })

  describe('whatever it is told, it exits with a small code', () => {
    it.each([
      ['nothing', {}],
      ['an action that it does not know', { action: 'format-disk', operation: 'A.1' }],
      ['an operation that would leave its directory', { action: 'fetch', operation: '../../etc' }],
      ['a lock that would leave its directory', { action: 'session', operation: 'A.1', lock: '../x' }],
      ['a config that is not packed', { ...session('A.1', ['send one']), config: 'AAAA' }],
      ['a dialogue that is not packed', { ...session('A.1', ['send one']), dialogue: 'AAAA' }],
      ['a work directory that is not there', { ...session('A.1', ['send one']), work: '/proc/nowhere' }],
      ['a state directory that cannot be made', { action: 'fetch', operation: 'A.1', state: '/proc/nowhere' }],
    ])('%s', async (_, data) => {
      const { output, code } = await bastion.run(data as Record<string, string>)
      expect(output).toMatch(/^result=refused-/m)
      expect(code).toBe(1)
      expect(bastion.told()).toEqual([])
    })
  })
})

describe('on Linux', () => {
  let bastion: Bastion
  beforeEach(() => {
    bastion = new Bastion()
  })
  afterEach(() => bastion.remove())

  it('is refused where a command that it needs is not installed, and names it', async () => {
    const few = join(bastion.root, 'few')
    mkdirSync(few)
    // Bash itself, and all the tools but one: the script appends the usual places to PATH, so those are cut out of a
    // copy.
    for (const name of ['bash', 'printf', 'base64', 'cat', 'find', 'gzip', 'head']) {
      const path = spawnSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
      if (path.startsWith('/')) symlinkSync(path, join(few, name))
    }
    const copy = SCRIPTS.cmu.text.replace(':/usr/local/bin:/usr/bin:/bin', '')
    const { stdout, status } = spawnSync('bash', ['-c', copy, 'bastion', 'action=fetch', 'operation=A.1'], {
      env: { PATH: few },
      encoding: 'utf8',
    })
    expect(parseBlock(stdout)).toMatchObject({ result: 'refused-tool-missing', detail: 'flock' })
    expect(status).toBe(1)
  })

  it('finds a program that only later steps need when somebody asks', async () => {
    const few = join(bastion.root, 'few')
    mkdirSync(few)
    const listed = /^PROGRAMS=\((.*)\)$/m.exec(SCRIPTS.cmu.text)?.[1]?.split(' ') ?? []
    expect(listed.length).toBeGreaterThan(10)
    for (const name of ['bash', ...listed.filter((program) => program !== 'flock' && program !== 'aws')]) {
      const path = spawnSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
      if (path.startsWith('/')) symlinkSync(path, join(few, name))
    }
    symlinkSync(join(bastion.bin, 'aws'), join(few, 'aws'))
    const copy = SCRIPTS.cmu.text.replace(':/usr/local/bin:/usr/bin:/bin', '')
    const { stdout } = spawnSync('bash', ['-c', copy, 'bastion', 'action=read-config', 'operation=A.0'], {
      env: { PATH: few },
      encoding: 'utf8',
    })
    expect(parseBlock(stdout)).toMatchObject({ result: 'refused-tool-missing', detail: 'flock' })
  })

  it('that nobody answers for: how long it waited, for whom, and which way it was going', async () => {
    // As timeout(1) ends what takes too long.
    bastion.install('timeout', 'case "$*" in *aws*) exit 124 ;; esac; exec /usr/bin/timeout "$@"')
    const { block } = await bastion.session('AB12.1', ['login'], LOGIN)
    expect(block?.result).toBe('refused-credentials')
    expect(block?.detail).toMatch(
      /`aws \w+` did not answer in 60 seconds: is there a way from the bastion to that service in/,
    )
  })
})
