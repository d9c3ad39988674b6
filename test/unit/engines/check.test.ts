import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { operationId } from '../../../src/domain/ids.ts'
import type { Bastion as Settings } from '../../../src/domain/route.ts'
import { checkCall, checkScript, findingsIn } from '../../../src/engines/check.ts'
import { documentParameters, lockedDocument } from '../../../src/engines/locked-document.ts'
import { isAbout, parseBlock, statementOf } from '../../../src/engines/printed.ts'
import { withData } from '../../../src/engines/script-lines.ts'
import { Bastion, PASSWORD, SCRIPTS } from '../../fixtures/bastion.ts'
import { REQUEST_ID, spec, sure } from '../../fixtures/examples.ts'

let bastion: Bastion
beforeEach(() => {
  bastion = new Bastion()
  bastion.install('cloudhsm-cli', 'echo cloudhsm-cli 5.17.0')
  bastion.install('configure-cli', 'exit 9')
})
afterEach(() => bastion.remove())

function settings(changes: Partial<Settings> = {}): Settings {
  const { bin, root, state, work } = bastion
  return {
    ...{ name: 'us-bastion', instanceId: 'i-0123456789abcdef0', region: 'us-east-1', platform: 'linux' },
    ...{ stateDir: join(state, 'not', 'yet'), workDir: work },
    credentials: { source: 'secretsmanager', id: 'hsm/crypto-officer' },
    cmu: { binary: join(bin, 'cmu'), config: '/etc/passwd' },
    cli: { binary: join(bin, 'cloudhsm-cli'), configure: join(bin, 'configure-cli'), config: join(root, 'cli.cfg') },
    cryptoUsers: [],
    ...changes,
  }
}

async function run(lines: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: `${bastion.bin}:${process.env.PATH}`, TOOL_LOG: bastion.log, ...environment }
  const child = spawn('bash', ['-c', lines.join('\n')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  const block = sure(parseBlock(output))
  return { output, code, block, findings: findingsIn(block) }
}

const check = (changes: Partial<Settings> = {}, hosts: readonly string[] = []) =>
  run(checkCall(settings(changes), hosts).lines)

describe('the check of a bastion', () => {
  it('finds all in order, tells it name by name, and leaves nothing behind', async () => {
    const { findings, output, code } = await check()
    const told = Object.fromEntries(findings ?? [])
    expect(told).toMatchObject({
      ...{ programs: 'ok', 'cli-programs': 'ok', work: 'ok', state: 'ok', 'state-free': 'ok', 'secret.1': 'ok' },
      ...{ 'cmu-binary': 'ok', 'cmu-config': 'ok', 'cli-binary': 'ok', 'cli-configure': 'ok', 'cli-folder': 'ok' },
      'cli-version': 'cloudhsm-cli 5.17.0',
    })
    expect(Math.abs(Number(told.clock) - Date.now() / 1000)).toBeLessThan(60)
    expect(code).toBe(0)
    expect([output, bastion.leftOnDisk(), JSON.stringify(told)].join()).not.toContain(PASSWORD)
    expect([existsSync(bastion.state), readdirSync(bastion.work)]).toEqual([false, []])
    expect(readdirSync(bastion.root).sort()).toEqual(['bin', 'work'])
    expect(bastion.told()).toEqual([])
  })

  it('says what is wrong with each', async () => {
    chmodSync(join(bastion.bin, 'cmu'), 0o644)
    const cli = { binary: '/none/cli', configure: '/none/configure', config: '/none/etc/cli.cfg' }
    const { findings } = await check({ cmu: { binary: join(bastion.bin, 'cmu'), config: '/none.cfg' }, cli })
    expect(Object.fromEntries(findings ?? [])).toMatchObject({
      ...{ 'cmu-binary': 'is missing, or no program', 'cmu-config': 'is missing, or cannot be read' },
      ...{ 'cli-binary': 'is missing, or no program', 'cli-configure': 'is missing, or no program' },
      'cli-folder': 'is missing',
    })
    expect(findings?.has('cli-version')).toBe(false)
  })

  it('needs its work folder for the secrets: without it they are not looked at, and not called good', async () => {
    const { findings } = await check({ workDir: '/none/shm' })
    expect(findings?.get('work')).toBe('cannot be written')
    expect(findings?.get('work-memory')).toBe('is not there')
    expect(findings?.get('secret.1')).toContain('not looked at')
  })

  it.each([
    ['not there', "echo 'An error occurred (ResourceNotFoundException)' >&2; exit 254", 'ResourceNotFoundException'],
    ['no JSON', 'echo words', 'needs a "username"'],
    ['of a bad password', `printf '%s' '{"username":"app","password":"a b c d e f g"}'`, 'needs a "password"'],
  ])('a secret that is %s: says so, beside one that is right, and never what it holds', async (_, body, words) => {
    bastion.install(
      'aws',
      `case "$*" in *other*) ${body} ;; *) echo '{"username":"officer","password":"${'x'.repeat(9)}"}' ;; esac`,
    )
    const { findings, output } = await check({ cryptoUsers: [{ user: 'app', source: 'ssm-parameter', id: 'other' }] })
    expect([findings?.get('secret.1'), findings?.get('secret.2')]).toEqual(['ok', expect.stringContaining(words)])
    expect(output + JSON.stringify([...(findings ?? [])])).not.toMatch(/a b c d|xxxxxxxxx/)
  })

  it('opens the three ports of every address, and says which do not answer', async () => {
    const ports = [2223, 2225]
    const servers = ports.map((port) => createServer().listen(port, '127.9.8.7'))
    await Promise.all(servers.map((server) => once(server, 'listening')))
    const { findings } = await check({}, ['127.9.8.7', '127.9.8.6'])
    for (const server of servers) server.close()
    const of = (host: string) => [2223, 2224, 2225].map((port) => findings?.get(`hsm.${host}.${port}`))
    expect(of('127.9.8.7')).toEqual(['ok', 'Connection refused', 'ok'])
    expect(of('127.9.8.6')).toEqual(Array(3).fill('Connection refused'))
  })

  it('names the programs that are missing', async () => {
    const few = join(bastion.root, 'few')
    mkdirSync(few)
    const needed =
      'base64 cat grep gzip head mktemp rm sha256sum stat timeout bash find flock mkdir mkfifo mv sync touch tr'
    for (const name of needed.split(' '))
      symlinkSync(spawnSync('bash', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), join(few, name))
    const { platform, text } = checkScript('linux')
    const copy = { platform, text: text.replace(':/usr/local/bin:/usr/bin:/bin', '') }
    const { data } = checkCall(settings(), [])
    const { findings } = await run(withData(copy, data), { PATH: few })
    expect(findings?.get('programs')).toBe('aws stdbuf')
    expect(findings?.get('cli-programs')).toBe('cp date mount sort tail unshare')
  })

  it('takes nothing for an address that is none', async () => {
    const { data } = checkCall(settings(), [])
    const { block } = await run(withData(checkScript('linux'), { ...data, hosts: '10.0.0.1,x/y' }))
    expect(block).toMatchObject({ action: 'check', result: 'refused-input', detail: 'hosts' })
  })

  it('works in the locked document, with what that fixes', async () => {
    const own = settings()
    const { source, destination } = spec()
    const { parameters, mainSteps } = JSON.parse(lockedDocument(own, [{ source, destination, bastion: own }]))
    const sent = documentParameters(checkCall(own, ['127.9.8.6']))
    expect(Object.keys(sent).sort()).toEqual(['action', 'hosts', 'logins', 'operation', 'tool'])
    for (const [name, value] of Object.entries(sent))
      expect(value, name).toMatch(new RegExp(parameters[name].allowedPattern))
    for (const wrong of ['10.0.0.1;id', '$(id)', 'host'])
      expect(wrong).not.toMatch(new RegExp(parameters.hosts.allowedPattern))
    const given = {
      ...Object.fromEntries(Object.keys(parameters).map((name) => [name, parameters[name].default])),
      ...sent,
    }
    const environment = Object.fromEntries(Object.entries(given).map(([name, value]) => [`SSM_${name}`, value]))
    const { findings } = await run(mainSteps[0].inputs.runCommand, environment)
    expect(findings?.get('secret.1')).toBe('ok')
    expect(findings?.get('cmu-binary')).toBe('ok')
    expect(findings?.get('hsm.127.9.8.6.2223')).toBe('Connection refused')
  })

  it('is in no script that the bot sends otherwise', async () => {
    for (const script of Object.values(SCRIPTS)) {
      expect(script.text).not.toContain('look_secrets')
      const { block } = await run(withData(script, { action: 'check', operation: 'DOCTOR.0' }))
      expect(block).toMatchObject({ result: 'refused-input', detail: 'this script holds no check' })
    }
  })

  it('is never taken for what became of an operation', async () => {
    const { block } = await check()
    const operation = operationId(REQUEST_ID, 1)
    const posing = { ...block, operation, mark: 'none' as const }
    expect([isAbout(posing, operation), statementOf(posing, operation), findingsIn(posing)]).toEqual([
      false,
      undefined,
      undefined,
    ])
  })
})

describe('its script', () => {
  it('fits into what SSM takes, and can be read in one sitting', () => {
    expect(checkCall(settings(), Array(28).fill('10.100.100.100')).lines.join('\n').length).toBeLessThan(32_000)
    const text = readFileSync(new URL('../../../src/engines/check.sh', import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThan(120)
  })

  const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
  it.skipIf(!hasShellcheck)('is clean for shellcheck (skipped where it is not installed)', () => {
    const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], {
      input: checkScript('linux').text,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })
})
