import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseBlock } from '../../../src/engines/printed.ts'
import { packed, withData } from '../../../src/engines/script-lines.ts'
import { PASSWORD, SCRIPTS } from '../../fixtures/bastion.ts'

// The real script and a real shell against a tool of a few lines: what it is told when it asks something.

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cli-questions-'))
  for (const folder of ['bin', 'etc', 'work']) mkdirSync(join(root, folder))
  install('aws', `printf '%s\\n' '${JSON.stringify({ username: 'officer', password: PASSWORD })}'`)
  const entry = '{"clusters":[{"id":"cluster-2abcdefghij","servers":[{"hostname":"10.0.1.7"}]}]}'
  install('configure-cli', `echo '${entry}' >'${root}/etc/cloudhsm-cli.cfg'`)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function install(name: string, body: string): void {
  const path = join(root, 'bin', name)
  writeFileSync(path, `#!/bin/bash\n${body}\n`)
  chmodSync(path, 0o755)
}

/** A tool that does this at `login`, and notes every line it is told. */
function tool(atLogin: string): void {
  install(
    'cloudhsm-cli',
    `[[ $1 == interactive ]] || { echo "process $*" >>'${root}/told'; echo '{"error_code":0,"data":{}}'; exit 0; }
printf 'aws-cloudhsm > '
while IFS= read -r line; do
  echo "$line" >>'${root}/told'
  case $line in login*) ${atLogin} ;; quit) exit ;; esac
  printf '\\naws-cloudhsm > '
done`,
  )
}

/** A tool that cannot be talked to on a pipe, and that does this for a command. */
function singleTool(forCommand: string, interactive = 'exit 0'): void {
  install(
    'cloudhsm-cli',
    `[[ $1 != interactive ]] || ${interactive}\necho "$* $CLOUDHSM_ROLE" >>'${root}/told'\n${forCommand}`,
  )
}

const LOGIN = 'mark login\nlogin 0 admin cluster-2abcdefghij\n'

function wordsFor(
  dialogue: string,
  operation: string,
): readonly [string, readonly string[], { env: NodeJS.ProcessEnv }] {
  const data = {
    action: 'session',
    operation,
    lock: 'cluster-7kkmnopqrst',
    region: 'us-east-1',
    state: join(root, 'state'),
    work: join(root, 'work'),
    binary: join(root, 'bin/cloudhsm-cli'),
    configure: join(root, 'bin/configure-cli'),
    config: join(root, 'etc/cloudhsm-cli.cfg'),
    clusters: 'cluster-2abcdefghij=us-east-1=10.0.1.7',
    logins: ':secretsmanager:hsm/crypto-officer',
    dialogue: packed(dialogue),
  }
  const { platform, text } = SCRIPTS['cloudhsm-cli']
  const script = { platform, text: text.replace('FIRST_PROMPT=20', 'FIRST_PROMPT=2') }
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}` }
  return ['bash', ['-c', withData(script, data).join('\n')], { env }]
}

function play(dialogue = LOGIN, operation = 'AB12.1') {
  const [shell, words, options] = wordsFor(dialogue, operation)
  const { stdout } = spawnSync(shell, words, { ...options, encoding: 'utf8' })
  const block = parseBlock(stdout)
  const text = gunzipSync(Buffer.from(block?.content?.text ?? '', 'base64')).toString()
  const { result, mark, detail } = block ?? {}
  const told = existsSync(join(root, 'told')) ? readFileSync(join(root, 'told'), 'utf8') : ''
  return { result, mark, detail, told, text }
}

const isRoot = process.getuid?.() === 0
if (!isRoot)
  console.warn('SKIPPED: only root can mount small disks, so a disk that fills in a session is NOT tested here')

describe.skipIf(!isRoot)('a disk that fills in the middle of a session', () => {
  it('stops it at once: what was sent is told from memory, and nothing more is sent', () => {
    const state = join(root, 'state')
    mkdirSync(state)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', state]).status).toBe(0)
    try {
      tool(
        `printf 'Enter password:'; IFS= read -r answer; echo '{"error_code":0,"data":{}}' ;;
  *one*) cat /dev/zero >'${state}/filler' 2>/dev/null; head -c 9000 /dev/zero | tr '\\0' x; echo '{"error_code":0,"data":{}}'`,
      )
      const commands = ['one', 'two', 'three'].map((name) => `try key replicate --filter ${name}\n`).join('')
      const { result, mark, told } = play(`mark login\nlogin 0 admin cluster-2abcdefghij\nmark write\n${commands}`)
      expect({ result, mark }).toEqual({ result: 'stopped-state', mark: 'write' })
      expect(told).toContain('one')
      expect(told).not.toContain('two')
    } finally {
      spawnSync('umount', ['-l', state])
    }
  })
})

describe('the password is given to its own question and to nothing else', () => {
  it('Enter password:', () => {
    tool(
      `printf 'Enter password:'; IFS= read -r answer; echo "$answer" >>'${root}/told'; echo '{"error_code":0,"data":{}}'`,
    )
    expect(play()).toMatchObject({ result: 'done', told: expect.stringContaining(PASSWORD) })
  })

  it.each([
    [
      'another question that speaks of a password',
      `printf 'Your password: expires soon.\\nGo on (y/n)'; IFS= read -r answer`,
    ],
    ['a new password', `printf 'Enter new password:'; IFS= read -r answer`],
  ])('not %s: it stops', (_, atLogin) => {
    tool(`${atLogin}; echo "$answer" >>'${root}/told'`)
    const { result, told } = play()
    expect(result).toMatch(/^stopped-(question|silent)$/)
    expect(told).not.toContain(PASSWORD)
  })

  it('not a tool that asks and goes on by itself: it is not waiting. No login was tried, so every command gets a process of its own', () => {
    tool(`printf 'Enter password:'; echo ' no terminal'`)
    const { result, told } = play()
    expect(told).not.toContain(PASSWORD)
    expect(told).toContain('process key list --cluster-id cluster-2abcdefghij --max-items 1')
    expect(result).toBe('done')
  })
})

it('a tool that shows no prompt on a pipe: every command gets a process of its own, and so it stays for a day', () => {
  singleTool(`echo '{"error_code":0,"data":{}}'`, `{ echo interactive >>'${root}/told'; exec sleep 60; }`)
  const first = play()
  expect(first).toMatchObject({ result: 'done', mark: 'login' })
  expect(first.told).toBe('interactive\nkey list --cluster-id cluster-2abcdefghij --max-items 1 admin\n')
  const { told } = play('mark login\nlogin 0 admin cluster-2abcdefghij\n', 'AB12.2')
  expect(told.slice(first.told.length)).toBe('key list --cluster-id cluster-2abcdefghij --max-items 1 admin\n')
})

describe('what a tool says on standard error, where every command has a process of its own', () => {
  it('is no part of its answer, and is kept, without the password', () => {
    singleTool(`echo '{"error_code":0,"data":{}}'; echo "WARN {odd} $CLOUDHSM_PIN" >&2`)
    const { result, told, text } = play()
    expect(result).toBe('done')
    expect(told).toContain('key list --cluster-id cluster-2abcdefghij --max-items 1 admin')
    const [, answer, status, stderr] =
      text
        .split('\x1e')
        .find((record) => record.startsWith('login'))
        ?.split('\x1f') ?? []
    expect([answer, status, stderr]).toEqual(['{"error_code":0,"data":{}}', '0', 'WARN {odd} officer:[redacted]'])
    expect(text).not.toContain(PASSWORD)
  })

  it('comes from the only process that has the password in its environment', () => {
    singleTool(`export -n CLOUDHSM_PIN DESTINATION_CLOUDHSM_PIN
for place in /proc/[0-9]*; do
  [[ $place == /proc/$$ ]] || { grep -qaF -- '${PASSWORD}' "$place/environ" && echo "seen in $(tr '\\0' ' ' <"$place/cmdline")" >>'${root}/told'; }
done 2>/dev/null
grep -qaF -- '${PASSWORD}' /proc/$$/environ && echo 'own environment' >>'${root}/told'
echo '{"error_code":0,"data":{}}'`)
    const { result, told } = play()
    expect(result).toBe('done')
    expect(told).toContain('own environment')
    expect(told).not.toContain('seen in')
  })

  it('is its answer where there is no other', () => {
    singleTool('echo "error: unexpected argument" >&2; exit 2')
    const { result, text } = play()
    expect(result).toBe('stopped-login')
    expect(text).toContain('error: unexpected argument\x1f2\x1f\x1e')
  })
})

describe('failed logins are counted on the bastion, because the tool shows no count of them', () => {
  const count = () => join(root, 'state/failed-logins/cluster-2abcdefghij.officer')
  const counted = () => readFileSync(count(), 'utf8')
  const VERSIONS = [1, 2, 3, 4].map((digit) => `${digit}`.repeat(32))

  /** A secret in its `version`-th version; a tool that takes the password only if it is the right one. */
  function secretIs(version: number, isRight = false): void {
    const password = isRight ? PASSWORD : `Wrong-another-way-${version}`
    const secret = JSON.stringify({ username: 'officer', password })
    install('aws', `case "$*" in *VersionId*) echo ${VERSIONS[version]} ;; *) printf '%s\\n' '${secret}' ;; esac`)
  }

  beforeEach(() => {
    const refused = '{"error_code":1,"data":"Login failed"}'
    tool(`printf 'Enter password:'; IFS= read -r answer; echo tried >>'${root}/told'
  [[ $answer != '${PASSWORD}' ]] && echo '${refused}' || echo '{"error_code":0,"data":{}}'`)
  })

  it.each([
    ['two, and which version of the secret failed is not known', '2 unknown'],
    ['a count that says nothing', ''],
  ])('%s: nothing is tried', (_, text) => {
    mkdirSync(join(root, 'state/failed-logins'), { recursive: true })
    writeFileSync(count(), `${text}\n`)
    const { result, told } = play()
    expect(result).toBe('stopped-risk')
    expect(told).not.toContain('login')
  })

  it('two with one version of the secret: no third one is tried until it has changed, and never a fourth', () => {
    let operations = 0
    const ask = () => play(LOGIN, `AB12.${++operations}`).result
    secretIs(0)
    expect([ask(), counted()]).toEqual(['stopped-login', `1 ${VERSIONS[0]}\n`])
    expect([ask(), counted()]).toEqual(['stopped-login', `2 ${VERSIONS[0]}\n`])
    const risky = play(LOGIN, 'AB13.1')
    expect(risky).toMatchObject({ result: 'stopped-risk', told: expect.not.stringMatching(/(tried.*){3}/s) })
    expect(risky.detail).toContain('officer had 2 failed logins on cluster-2abcdefghij.officer')
    secretIs(1)
    expect([ask(), counted()]).toEqual(['stopped-login', `3 ${VERSIONS[1]}\n`])
    secretIs(2, true)
    expect([ask(), counted()]).toEqual(['stopped-risk', `3 ${VERSIONS[1]}\n`])
  })

  it('none are left where another version of the secret works', () => {
    mkdirSync(join(root, 'state/failed-logins'), { recursive: true })
    writeFileSync(count(), `2 ${VERSIONS[0]}\n`)
    secretIs(1, true)
    expect(play().result).toBe('done')
    expect(existsSync(count())).toBe(false)
  })

  it('a login that was going on when the step was killed counts as one', async () => {
    tool(`printf 'Enter password:'; IFS= read -r answer; sleep 20`)
    const [shell, words, options] = wordsFor(LOGIN, 'AB12.1')
    const child = spawn(shell, words, { ...options, detached: true, stdio: 'ignore' })
    for (let wait = 0; wait < 400 && !existsSync(count()); wait++) await sleep(25)
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'exit')
    expect(counted()).toBe('1 unknown\n')
  })
})
