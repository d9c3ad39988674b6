import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bastion as Settings } from '../../../src/domain/route.ts'
import { checkCall, findingsIn } from '../../../src/engines/check.ts'
import { documentParameters, lockedDocument } from '../../../src/engines/locked-document.ts'
import { Bastion, PASSWORD } from '../../fixtures/bastion.ts'
import { spec, sure } from '../../fixtures/examples.ts'
import { AS_WINDOWS, POWERSHELL } from '../../simulator/bastion/powershell.ts'

let bastion: Bastion
beforeEach(() => {
  bastion = new Bastion('windows')
  rmSync(bastion.work, { recursive: true })
  writeFileSync(join(bastion.root, 'cmu.cfg'), '{}')
})
afterEach(() => bastion.remove())

function settings(): Settings {
  const { bin, root, state } = bastion
  const credentials = { source: 'secretsmanager', id: 'hsm/crypto-officer' } as const
  return {
    ...{ name: 'us-bastion', instanceId: 'i-0123456789abcdef0', region: 'us-east-1', platform: 'windows' },
    ...{ stateDir: state, workDir: join(state, 'work'), credentials, cryptoUsers: [] },
    cmu: { binary: join(bin, 'cmu'), config: join(root, 'cmu.cfg') },
    cli: { binary: 'C:\\x', configure: 'C:\\x', config: 'C:\\x' },
  }
}

async function run(lines: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { block, output, code } = await bastion.startLines(lines, { ...AS_WINDOWS, ...environment }).result
  return { output, code, told: Object.fromEntries((block && findingsIn(block)) ?? []) }
}

const check = (hosts: readonly string[] = []) => run(checkCall(settings(), hosts).lines)

describe.skipIf(POWERSHELL === undefined)('the check of a Windows bastion', () => {
  it('finds all in order, and leaves nothing behind', async () => {
    const { told, output, code } = await check()
    const all = ['work', 'state', 'state-free', 'cmu-binary', 'cmu-config', 'secret.1']
    expect(told).toMatchObject(Object.fromEntries(all.map((name) => [name, 'ok'])))
    expect(Math.abs(Number(told.clock) - Date.now() / 1000)).toBeLessThan(60)
    expect(code).toBe(0)
    expect(output).not.toContain(PASSWORD)
    expect(bastion.leftOnDisk()).toBe('')
    expect(bastion.told()).toEqual([])
  })

  it('names what is wrong: a folder of others, a secret that cannot be used, a tool that is not there', async () => {
    mkdirSync(bastion.state)
    rmSync(join(bastion.bin, 'cmu'))
    rmSync(join(bastion.root, 'cmu.cfg'))
    bastion.install('aws', 'echo "AccessDeniedException: not authorized" >&2; exit 254')
    const { told } = await check()
    expect(told.state).toContain('others than SYSTEM and Administrators have rights to it')
    expect(told['cmu-binary']).toBe('is missing')
    expect(told['cmu-config']).toBe('is missing, or cannot be read')
    expect(told['secret.1']).toContain('AccessDeniedException')
    expect(bastion.leftOnDisk()).toBe('')
  })

  it('opens the three ports of every address, and says which do not answer', async () => {
    const servers = [2223, 2225].map((port) => createServer().listen(port, '127.9.8.5'))
    await Promise.all(servers.map((server) => once(server, 'listening')))
    const { told } = await check(['127.9.8.5'])
    for (const server of servers) server.close()
    expect([2223, 2224, 2225].map((port) => told[`hsm.127.9.8.5.${port}`])).toEqual([
      'ok',
      expect.stringMatching(/refused/i),
      'ok',
    ])
  })

  it('works in the locked document, with what that fixes', async () => {
    const own = settings()
    const { source, destination } = spec()
    const { parameters, mainSteps } = JSON.parse(lockedDocument(own, [{ source, destination, bastion: own }]))
    const sent = documentParameters(checkCall(own, []))
    const given: Record<string, string> = { ...sent }
    for (const name of Object.keys(parameters)) given[name] ??= parameters[name].default
    for (const [name, value] of Object.entries(given))
      expect(value).toMatch(new RegExp(parameters[name].allowedPattern))
    const environment = Object.fromEntries(Object.entries(given).map(([name, value]) => [`SSM_${name}`, value]))
    const { told } = await run(mainSteps[0].inputs.runCommand, environment)
    expect(told).toMatchObject({ 'secret.1': 'ok', 'cmu-binary': 'ok', 'cmu-config': 'ok' })
    expect(sure(mainSteps[0]).action).toBe('aws:runPowerShellScript')
  })
})
