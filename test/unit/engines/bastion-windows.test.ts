import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseBlock } from '../../../src/engines/printed.ts'
import { type Script, withData } from '../../../src/engines/script-lines.ts'
import { Bastion, PASSWORD, POWERSHELL_SCRIPT, session, tool } from '../../fixtures/bastion.ts'
import { AS_WINDOWS, POWERSHELL } from '../../simulator/bastion/powershell.ts'

// What is particular to the script for Windows. What it promises as its twin does is tested with it (bastion.test.ts).

const LOGIN = { logins: ':secretsmanager:hsm/crypto-officer' }

let bastion: Bastion
beforeEach(() => {
  bastion = new Bastion('windows')
})
afterEach(() => bastion.remove())

describe('the script as a document', () => {
  it.each(['files', 'operation', 'login', 'pipes', 'bastion', 'check', 'cmu/tool', 'cmu/locked'])(
    '%s.ps1 can be read in one sitting',
    (name) => {
      const text = readFileSync(new URL(`../../../src/engines/${name}.ps1`, import.meta.url), 'utf8')
      expect(text.trimEnd().split('\n').length).toBeLessThan(200)
    },
  )
  it('is ASCII, so that no code page changes it, and holds nothing that SSM would replace', () => {
    expect(POWERSHELL_SCRIPT.text).toMatch(/^[\n -~]*$/)
    expect(POWERSHELL_SCRIPT.text).not.toContain('{{')
  })
})

describe.skipIf(POWERSHELL === undefined)('on Windows', () => {
  it('the script uses only what Windows PowerShell 5.1 has', () => {
    const folder = fileURLToPath(new URL('../../../src/engines/', import.meta.url))
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ps1'))
    const parts = fileURLToPath(new URL('../../simulator/bastion/powershell-parts.ps1', import.meta.url))
    const { stdout } = pwsh(['-File', parts, names.map((name) => join(folder, name)).join()])
    const list = readFileSync(new URL('../../fixtures/windows-powershell-5.1.txt', import.meta.url), 'utf8')
    const known = list.split('\n').filter((line) => !line.startsWith('#'))
    expect(stdout.split('\n')).toEqual(known)
  })

  describe('a tool that outlives its cancelled PowerShell', () => {
    it('is running as long as it lives, and nothing else is begun for its destination', async () => {
      bastion.install('cmu', tool('hold) sleep 60 ;;'))
      const started = bastion.start(session('AB12.1', ['mark write', 'send one', 'send hold', 'send two']))
      await bastion.until('hold')
      started.cancel()
      expect(await started.result).toMatchObject({ block: undefined })
      expect((await bastion.fetch('AB12.1', { seal: 'yes' })).block?.result).toBe('running')
      expect((await bastion.session('AB12.2', ['send one'])).block?.result).toBe('refused-busy')
      await started.kill()
      const killed = await bastion.fetch('AB12.1', { seal: 'yes' })
      expect(killed.block).toMatchObject({ recorded: 'stopped-killed', mark: 'write' })
      expect(killed.text).toContain('did one')
      expect(bastion.told()).not.toContain('two')
      expect((await bastion.session('AB12.3', ['send one'])).block?.result).toBe('done')
    })
  })

  describe('what goes over the pipes', () => {
    it('lines of the tool end with CRLF, lines for it with LF; what stands on its error pipe counts', async () => {
      bastion.install('cmu', tool(`one) printf 'HSM error: 7\\r\\n' >&2; sleep 0.2; printf 'done\\r\\n' ;;`))
      const { block, text } = await bastion.session('AB12.1', [
        'send one',
        'need HSM error: 7$',
        'need ^done$',
        'send two',
      ])
      expect(block?.result).toBe('done')
      expect(text).not.toContain('\r')
      expect(bastion.told()).toEqual(['start', 'one', 'two', 'quit'])
    })

    it('a question on the error pipe is a question', async () => {
      bastion.install(
        'cmu',
        tool(`one) printf 'Retry/Ignore/Abort?(R/I/A):' >&2; IFS= read -r reply; echo "reply $reply" >>"$TOOL_LOG" ;;`),
      )
      const { block } = await bastion.session('AB12.1', ['send one', 'send two'])
      expect(block).toMatchObject({ result: 'stopped-question', sent: 1 })
      expect(bastion.told()).toEqual(['start', 'one'])
    })
  })

  it('sends nothing more once its time is over, however fast the tool answers', async () => {
    bastion.install('cmu', tool('*) sleep 1; echo "did $line" ;;'))
    const lines = Array.from({ length: 20 }, (_, at) => `send line${at}`)
    const { block } = await run({ ...session('AB12.1', lines), seconds: '1' }, {})
    expect(block?.result).toBe('stopped-gone')
    expect(block?.sent).toBeLessThan(12)
  })

  it('is told no login where none was given', async () => {
    const { block } = await bastion.session('AB12.1', ['login', 'send one'])
    expect(block).toMatchObject({ result: 'stopped-need', detail: 'a login', sent: 0 })
    expect(bastion.told()).toEqual(['start', 'quit'])
  })

  describe('a secret', () => {
    it('is given to no cmdlet and to no function, where logging would write it down', async () => {
      bastion.install('cmu', tool('loginHSM*) echo "$line" ;;'))
      const trace = join(bastion.root, 'bindings.log')
      const file = scriptFile({ ...session('AB12.1', ['login', 'send one']), ...LOGIN })
      const command = `Trace-Command -Name ParameterBinding,TypeConversion -FilePath '${trace}' -Expression { & '${file}' }`
      const { stdout } = pwsh(['-Command', command])
      expect(parseBlock(stdout)?.result).toBe('done')
      expect(bastion.told()).toContain(`loginHSM CO officer ${PASSWORD}`)
      const traced = readFileSync(trace, 'utf8')
      expect(traced).toContain('hsm/crypto-officer')
      expect(traced).not.toContain(PASSWORD)
    })

    it.each([
      ['secretsmanager', 'Get-SECSecretValue', '[pscustomobject]@{ SecretString = $env:SECRET }'],
      [
        'ssm-parameter',
        'Get-SSMParameterValue',
        '[pscustomobject]@{ Parameters = @([pscustomobject]@{ Value = $env:SECRET }) }',
      ],
    ])('of %s comes from %s where there is no AWS CLI', async (source, cmdlet, answer) => {
      const environment = { ...withoutAws(), SECRET: JSON.stringify({ username: 'officer', password: PASSWORD }) }
      cmdlets(
        `function ${cmdlet} { param($Region, $SecretId, $Name, [switch]$WithDecryption) if ($Region -ne 'us-east-1') { throw 'where?' }; ${answer} }`,
      )
      const login = { logins: `:${source}:hsm/crypto-officer` }
      const { block, output } = await run({ ...session('AB12.1', ['login', 'send one']), ...login }, environment)
      expect(block).toMatchObject({ result: 'done', logins: ['officer'] })
      expect(bastion.told()[1]).toBe(`loginHSM CO officer ${PASSWORD}`)
      expect(`${output}${bastion.leftOnDisk()}`).not.toContain(PASSWORD)
    })

    it('is refused with the words of the cmdlet, or where there is neither', async () => {
      const data = { ...session('AB12.1', ['login', 'send one']), ...LOGIN }
      const nobody = await run(data, withoutAws())
      expect(nobody.block).toMatchObject({ result: 'refused-tool-missing', detail: 'aws, or Get-SECSecretValue' })
      cmdlets(`function Get-SECSecretValue { param($Region, $SecretId) throw 'AccessDenied: not authorized' }`)
      const refused = await run({ ...data, operation: 'AB12.2' }, withoutAws())
      expect(refused.block?.result).toBe('refused-credentials')
      expect(refused.block?.detail).toContain('hsm/crypto-officer: AccessDenied: not authorized')
      expect(bastion.told()).toEqual([])
    })

    it('that is not ASCII is refused: a code page could make it another, and a wrong one counts', async () => {
      bastion.install('aws', `printf '%s' '{"username":"officer","password":"lösenord-1234"}'`)
      const { block } = await bastion.session('AB12.1', ['login'], LOGIN)
      expect(block).toMatchObject({ result: 'refused-credentials', detail: expect.stringContaining('printable ASCII') })
      expect(bastion.told()).toEqual([])
    })
  })

  describe('its folders', () => {
    it('are made for SYSTEM and Administrators alone, and used again', async () => {
      rmSync(bastion.work, { recursive: true })
      for (const operation of ['AB12.1', 'AB12.2'])
        expect((await run(session(operation, ['send one']), AS_WINDOWS)).block?.result).toBe('done')
      for (const place of [bastion.state, bastion.work]) expect(statSync(place).mode & 0o777).toBe(0o700)
    })

    it('that somebody else made before are not used, neither of them', async () => {
      const { block } = await run(session('AB12.1', ['send one']), AS_WINDOWS)
      expect(block).toMatchObject({ result: 'refused-workdir', detail: expect.stringContaining(';;;BU)') })
      rmSync(bastion.state, { recursive: true })
      mkdirSync(bastion.state)
      const other = await run(session('AB12.2', ['send one']), AS_WINDOWS)
      expect(other.block).toMatchObject({ result: 'refused-state', detail: expect.stringContaining(';;;BU)') })
      expect(bastion.told()).toEqual([])
    })

    it('that are links are not used: they lead where their owner wants, also later', async () => {
      symlinkSync(bastion.bin, bastion.state)
      const { block } = await run(session('AB12.1', ['send one']), {})
      expect(block).toMatchObject({ result: 'refused-state', detail: expect.stringContaining('it is a link') })
      expect(bastion.told()).toEqual([])
    })

    it.each([
      ['belongs to somebody else', 'O:S-1-5-21-1-2-3-1001G:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'],
      ['denies something, whoever it is', 'O:BAG:SYD:PAI(D;;FA;;;WD)(A;OICI;FA;;;SY)'],
      ['has no list, which means everybody', 'O:BAG:SYD:NO_ACCESS_CONTROL'],
    ])('one that %s is not used', async (_, SIM_SDDL) => {
      mkdirSync(bastion.state)
      const { block } = await run(session('AB12.1', ['send one']), { ...AS_WINDOWS, SIM_SDDL })
      expect(block).toMatchObject({ result: 'refused-state', detail: expect.stringContaining(SIM_SDDL) })
      expect(bastion.told()).toEqual([])
    })
  })

  describe('as SSM starts it, in a process of its own', () => {
    it('ends with the exit code of its answer', () => {
      const done = pwsh(['-File', scriptFile(session('AB12.1', ['send one']))])
      expect([parseBlock(done.stdout)?.result, done.status]).toEqual(['done', 0])
      const stopped = pwsh(['-File', scriptFile(session('AB12.2', ['need never printed', 'send one']))])
      expect([parseBlock(stopped.stdout)?.result, stopped.status]).toEqual(['stopped-need', 3])
      const again = pwsh(['-File', scriptFile(session('AB12.1', ['send one']))])
      expect([parseBlock(again.stdout)?.result, again.status]).toEqual(['refused-already-started', 1])
      expect(again.stdout).not.toContain('\r')
    })

    it('says so where a policy lets no script do what it must', () => {
      const file = scriptFile(session('AB12.1', ['send one']))
      const command = `$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; & '${file}'`
      const { stdout, status } = pwsh(['-Command', command])
      expect(parseBlock(stdout)).toMatchObject({ operation: 'AB12.1', result: 'refused-input', mark: 'none' })
      expect(stdout).toContain('ConstrainedLanguage mode')
      expect(status).toBe(1)
      expect(bastion.told()).toEqual([])
    })
  })
})

const places = () => ({ state: bastion.state, work: bastion.work, binary: join(bastion.bin, 'cmu') })

function scriptFile(data: Readonly<Record<string, string>>, script: Script = POWERSHELL_SCRIPT): string {
  const file = join(bastion.root, `${data.operation}.ps1`)
  writeFileSync(file, `\ufeff${withData(script, { ...places(), ...data }).join('\n')}\n`)
  return file
}

function pwsh(words: readonly string[]) {
  const env = { PATH: `${bastion.bin}:${process.env.PATH}`, TOOL_LOG: bastion.log, HOME: bastion.root }
  const all = ['-NoProfile', '-NonInteractive', ...words]
  return spawnSync(POWERSHELL ?? '', all, { env, encoding: 'utf8', cwd: bastion.root })
}

function run(data: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>>) {
  return bastion.startLines(withData(POWERSHELL_SCRIPT, { ...places(), ...data }), environment).result
}

/** Cmdlets that this bastion has: a module where PowerShell looks for them by itself. */
function cmdlets(functions: string): void {
  const folder = join(bastion.root, 'modules/Simulated')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'Simulated.psm1'), `${functions}\nExport-ModuleMember -Function *\n`)
}

function withoutAws(): Record<string, string> {
  return { PATH: '/usr/bin:/bin', PSModulePath: join(bastion.root, 'modules') }
}
