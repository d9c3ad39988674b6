import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type BotProcess, freePort, startBotProcess } from '../harness/bot-process.ts'
import { until } from '../harness/stage.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// What somebody does who puts the bot into production, in an empty folder, with the bot's own commands: the manifest
// that Slack gets, init, the locked document, the policies, doctor, a request that is approved. Slack enforces that
// manifest, and AWS these policies.

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname
const URL_OF_BOT = 'https://hsm-sync.example.com'

let folder: string
let simulator: Simulator
let env: Record<string, string>
let bot: BotProcess | undefined

async function run(...words: string[]): Promise<{ code: number; out: string }> {
  const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', ...env }, maxBuffer: 8_000_000 }
  return promisify(execFile)(process.execPath, [MAIN, ...words], options).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout, stderr }) => ({ code, out: `${stdout}${stderr}` }),
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hsm-sync-first-steps-'))
  env = {}
  const manifest = join(folder, 'manifest.yml')
  await writeFile(manifest, (await run('manifest', '--url', URL_OF_BOT)).out)
  simulator = await startSimulator({ seed: 1, manifest, world: twoClusters(), bastions: 'in memory' })
  env = { ...simulator.environment(), HOST: '127.0.0.1', PORT: String(await freePort()) }
})
afterAll(async () => {
  await bot?.stop()
  await simulator?.stop()
  await rm(folder, { recursive: true, force: true })
})

it('leads from an empty folder to a sync that two people have seen', async () => {
  const began = performance.now()
  const init = await run(
    ...['init', '--region', 'us-east-1', '--region', 'eu-west-1'],
    ...['--source', 'cluster-2abcdefghij', '--destination', 'cluster-7klmnopqrst', '--bastion', 'i-0123456789abcdef0'],
    ...['--secret', 'hsm/crypto-officer', '--channel', channels.route],
    ...['--approver', people.approver, '--approver', people.secondApprover],
  )
  expect(init).toMatchObject({ code: 0, out: expect.stringContaining('config.yml') })

  // What only the operator knows: where the tools are on this bastion, and that it gets a locked document.
  const path = join(folder, 'config.yml')
  const config = parse(await readFile(path, 'utf8'))
  const { binary, config: base, cli, configure, cliConfig, stateDir, workDir } = simulator.bastionPaths('us-bastion')
  Object.assign(config.bastions[0], {
    ...{ document: 'HsmSync', stateDir, workDir },
    ...{ cmu: { binary, config: base }, cli: { binary: cli, configure, config: cliConfig } },
  })
  await writeFile(path, stringify(config))

  const document = await run('document')
  expect(document.code).toBe(0)
  simulator.world.update(({ documents }) => {
    documents.HsmSync = document.out
  })
  const roles: { of: string; policy: Parameters<typeof simulator.aws.obey>[0] }[] = JSON.parse(
    (await run('iam', '--account', '123456789012')).out,
  )
  for (const { of, policy } of roles) if (of === 'bot') simulator.aws.obey(policy)

  const doctor = await run('doctor')
  expect(doctor.out).not.toMatch(/wrong|unknown/)
  expect(doctor.code).toBe(0)

  bot = await startBotProcess(env, folder)
  const { slack } = simulator
  slack.connectTo(`${bot.url}/slack/events`)
  const aliases = config.clusters.map(({ alias }: { alias: string }) => alias)
  await slack.command(people.requester, channels.route, '/hsm-sync', `${aliases[0]} ${aliases[1]} our first sync`)
  const card = await until(() => slack.messages(channels.route)[0], 'a card')
  for (const person of [people.approver, people.secondApprover]) await slack.click(person, card, 'approve')
  await until(
    () => slack.messages(channels.route).find(({ ts, text }) => ts === card.ts && text.includes('Succeeded')),
    'the end',
    120_000,
  )
  const sent = simulator.aws.calls.filter(({ operation }) => operation === 'SendCommand')
  expect([...new Set(sent.map(({ input }) => Reflect.get(input, 'DocumentName')))]).toEqual(['HsmSync'])
  expect(await run('audit', 'verify')).toMatchObject({ code: 0, out: expect.stringContaining('whole:') })
  const anchor = await until(
    () => /--anchor ([0-9a-f]{16})/.exec(JSON.stringify(slack.thread(channels.route, card.ts)))?.[1],
    'an anchor',
  )
  expect(await run('audit', 'verify', '--anchor', anchor)).toMatchObject({
    code: 0,
    out: expect.stringContaining('anchored'),
  })
  expect(simulator.violations()).toEqual([])
  console.log(
    `from an empty folder to the first sync: ${((performance.now() - began) / 1000).toFixed(1)} s of machine time`,
  )
})
