import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../simulator/bin/shared/dialect.mjs'
import { hsmOf } from '../simulator/world/world.ts'
import type { ToolFault } from '../simulator/world/world-spec.ts'
import {
  adminAtBoth,
  answer,
  change,
  cli,
  configure,
  endWorlds,
  eu,
  eu2,
  paths,
  placeholderConfig,
  readConfig,
  run,
  simulator,
  start,
  us,
} from './cli-place.ts'

// configure-cli, and how cloudhsm-cli finds what it wrote.

endWorlds()

describe('configure-cli', () => {
  it('writes every HSM of a cluster, found by its Region, into the file that was never configured', async () => {
    await start()
    const config = JSON.parse(readConfig())
    expect(config.logging).toEqual({ log_type: 'term' })
    expect(config.clusters).toHaveLength(2)
    expect(config.clusters[1].cluster.servers).toEqual([
      { hostname: '10.8.1.4', port: 2223, enable: true },
      { hostname: '10.8.2.6', port: 2223, enable: true },
    ])
    expect(readdirSync(dirname(paths().cliConfig)).sort()).toEqual([
      'cloudhsm-cli.cfg',
      'cloudhsm_mgmt_util.cfg',
      'customerCA.crt',
    ])
  })

  it.each<[Partial<Dialect>, RegExp]>([
    [{ cliConfigType: 'hsm1', cliConfigLayout: 'compact' }, /^\{"clusters":\[\{"type":"hsm1"/],
    [{ cliConfigType: 'hsm2m', cliConfigLayout: 'pretty' }, /^\{\n {2}"clusters": \[\n {4}\{\n {6}"type": "hsm2m"/],
  ])('in the dialect %j', async (dialect, text) => {
    await start({ dialect })
    expect(readConfig()).toMatch(text)
  })

  it('makes a new file where there is none', async () => {
    await start({ bastion: { cliConfig: null }, unconfigured: true })
    expect((await configure(`add-cluster --cluster-id ${us}`)).status).toBe(0)
    expect(JSON.parse(readConfig())).toMatchObject({ clusters: [{}], logging: { log_type: 'file' } })
  })

  it('does not find a cluster in another Region, nor without the right to look', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: null } })
    const failed = 'DescribeClusters call failed with error:'
    const elsewhere = await configure(`add-cluster --cluster-id ${eu}`)
    expect(elsewhere).toMatchObject({ status: 1, stdout: '' })
    expect(elsewhere.stderr).toContain(`${failed} CommonApiError(InternalError("dispatch failure"))`)
    expect((await configure(`add-cluster --cluster-id ${eu}`, { AWS_REGION: 'eu-west-1' })).status).toBe(0)
    change((state) => {
      for (const bastion of state.bastions) bastion.denied = true
    })
    const denied = await configure(`add-cluster --cluster-id ${us}`)
    expect(denied.status).toBe(1)
    expect(denied.stderr).toContain(`${failed} ServiceError(CloudHsmAccessDeniedException`)
  })

  it('does not mix clusters with and without an id', async () => {
    await start({ unconfigured: true })
    const operators = readConfig()
    expect(JSON.parse(operators).clusters[0].cluster.servers).toEqual([
      { hostname: '10.0.1.7', port: 2223, enable: true },
    ])
    const added = await configure(`add-cluster --cluster-id ${us}`)
    expect(added.status).toBe(1)
    expect(added.stderr).toContain('cannot be used in a multi-cluster setup')
    expect(readConfig()).toBe(operators)
    expect((await configure('-a 10.0.1.7 10.0.2.9')).status).toBe(0)
    expect(JSON.parse(readConfig()).clusters[0].cluster.servers).toHaveLength(2)
  })

  it('knows each cluster once, and forgets it', async () => {
    await start()
    expect((await configure(`add-cluster --cluster-id ${us}`)).stderr).toContain('already exists')
    expect((await configure('-a 10.0.1.7')).status).toBe(1)
    expect((await configure(`remove-cluster --cluster-id ${us}`)).status).toBe(0)
    expect((await configure(`remove-cluster --cluster-id ${us}`)).status).toBe(1)
    expect(JSON.parse(readConfig()).clusters).toHaveLength(1)
  })

  it.each([
    'add-cluster',
    `add-cluster --cluster-id ${us} --config /tmp/x`,
    'add-cluster --cluster-id prod',
    'other',
    '-a',
    '--cluster-id x',
  ])('does not understand "%s"', async (words) => {
    await start()
    const before = readConfig()
    const ended = await configure(words)
    expect(ended.status).toBe(2)
    expect(ended.stderr).toMatch(/^error: .*\n[\s\S]*\nUsage: configure-cli /)
    expect(readConfig()).toBe(before)
  })

  it.each<[ToolFault['do'], number, boolean]>([
    ['fail', 1, false],
    ['lie', 0, false],
    ['silent-noop', 0, false],
    ['exit', 3, true],
    ['delay', 0, true],
  ])('planned misbehaviour: %s', async (kind, status, isWritten) => {
    await start({ toolFaults: [{ command: 'configure-cli', do: kind, ms: 20 }], unconfigured: true })
    writeFileSync(paths().cliConfig, JSON.stringify(placeholderConfig()))
    expect((await configure(`add-cluster --cluster-id ${us}`)).status).toBe(status)
    expect(readConfig().includes(us)).toBe(isWritten)
  })

  it('leaves the operator’s file alone when another folder is mounted over it', async () => {
    await start({ unconfigured: true })
    const etc = dirname(paths().cliConfig)
    const before = readConfig()
    const own = join(simulator.directory, 'private-etc')
    mkdirSync(own)
    const mounted = (tool: string, words: string) =>
      run('unshare', [
        ...['--mount', '--propagation', 'private', '--', '/bin/sh', '-c'],
        ...['mount --bind "$0" "$1" && shift && exec "$@"', own, etc, tool, ...words.split(' ')],
      ])
    expect(await mounted(paths().configure, `add-cluster --cluster-id ${us}`)).toMatchObject({ status: 0 })
    expect(readConfig()).toBe(before)
    expect(existsSync(join(own, 'cloudhsm-cli.cfg'))).toBe(true)
    // The owner's certificate is in the folder that was covered: without it the client does not connect.
    expect((await mounted(paths().cli, 'user list')).stdout).toContain('failed to connect: could not read HSM CA')
    copyFileSync(join(etc, 'customerCA.crt'), join(own, 'customerCA.crt'))
    expect(answer(await mounted(paths().cli, 'user list'))).toMatchObject({ error_code: 0 })
    expect(readConfig()).toBe(before)
    // Without the mount the same tool reads the operator's file, which has one HSM.
    expect(answer(await cli('user list'))).toMatchObject({ error_code: 0 })
  })
})

describe('finding the configuration', () => {
  it('answers with its version without one', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: null } })
    expect(await cli('--version')).toMatchObject({ status: 0, stdout: 'cloudhsm-cli 5.17.0\n' })
    expect((await cli('user list')).stdout).toContain('No such file or directory')
  })

  it('wants it to have been configured', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: JSON.stringify(placeholderConfig()) } })
    const text = 'Config key hostname has invalid value %%HSM_IP_ADDRESS%%'
    expect(answer(await cli('user list'))).toEqual({ error_code: 1, data: text })
    expect(answer(await cli('interactive'))).toEqual({ error_code: 1, data: text })
  })

  it('wants to know which of several clusters, also when it starts to be interactive', async () => {
    await start()
    const text = 'multiple clusters provided in configuration file. Please specify `cluster-id`'
    for (const words of ['user list', 'key list', 'cluster hsm-info', 'interactive']) {
      expect(answer(await cli(words, adminAtBoth))).toEqual({ error_code: 1, data: text })
    }
    const unknown = await cli('user list --cluster-id cluster-2222222222222')
    expect(answer(unknown)).toMatchObject({ error_code: 1 })
  })

  it('reads another file when told so', async () => {
    await start()
    const own = join(simulator.directory, 'own.cfg')
    const config = JSON.parse(readConfig())
    config.clusters = config.clusters.slice(0, 1)
    writeFileSync(own, JSON.stringify(config))
    expect(answer(await cli(`user list --config ${own}`))).toMatchObject({ error_code: 0 })
    const session = await cli(`interactive --config ${own}`, {}, 'user list\nquit\n')
    expect(session.stdout).toContain('"error_code"')
  })

  it('talks to the HSMs that the file names, and needs all of them', async () => {
    await start()
    change((state) => {
      hsmOf(state, eu2).faults = { refuse: true }
    })
    expect(answer(await cli(`user list --cluster-id ${eu}`)).data).toMatch(/failed to connect to 10\.8\.2\.6:2223/)
    expect(answer(await cli(`user list --cluster-id ${us}`))).toMatchObject({ error_code: 0 })
    writeFileSync(paths().cliConfig, readConfig().replace('10.8.2.6', '10.8.1.4'))
    expect(answer(await cli(`user list --cluster-id ${eu}`))).toMatchObject({ error_code: 0 })
  })
})

describe('a bastion', () => {
  it('may lack the tools', async () => {
    await start({ unconfigured: true, bastion: { missingTools: ['cloudhsm-cli', 'configure-cli'] } })
    expect([existsSync(paths().cli), existsSync(paths().configure), existsSync(paths().binary)]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('has its processes recorded', async () => {
    await start({ unconfigured: true, bastion: { cliConfig: null } })
    await run(paths().configure, ['add-cluster', '--cluster-id', us])
    await run(paths().cli, ['user', 'list', '--cluster-id', us])
    expect(simulator.recordings().map(({ tool }) => tool)).toEqual(['configure-cli', 'cloudhsm-cli'])
  })
})
