import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BastionSpec } from '../world/world-spec.ts'

const runtime = fastestRuntime()
/** The tools; where SIM_TOOLS names a folder, they stand there in one file each. */
const toolSource = fileURLToPath(new URL('../bin/', import.meta.url))
const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const programs = {
  cloudhsm_mgmt_util: 'cmu/cmu.mjs',
  'cloudhsm-cli': 'cli/cli.mjs',
  'configure-cli': 'configure/configure-cli.mjs',
  aws: 'aws.mjs',
} as const
const vendorTools = ['cloudhsm_mgmt_util', 'cloudhsm-cli', 'configure-cli'] as const

/** Absolute paths for the bot's config.yml. */
export interface BastionPaths {
  readonly platform: 'Linux' | 'Windows'
  readonly binary: string
  readonly config: string
  /** cloudhsm-cli */
  readonly cli: string
  /** configure-cli */
  readonly configure: string
  /** The operator's own cloudhsm-cli.cfg. */
  readonly cliConfig: string
  readonly stateDir: string
  readonly workDir: string
}

/** One bastion's part of the file system, with the PATH that its scripts get. */
export interface BastionFiles extends BastionPaths {
  readonly root: string
  readonly path: string
  readonly home: string
  readonly orchestration: string
}

/** Makes the directories, the tools and the base config of one bastion below `directory`. */
export function createBastionFiles(directory: string, bastion: BastionSpec, firstIp: string): BastionFiles {
  const root = join(directory, 'bastions', bastion.name)
  if (bastion.platform === 'Windows') return windowsFiles(root, { directory, bastion, firstIp })
  const places = {
    vendorBin: join(root, 'opt/cloudhsm/bin'),
    vendorEtc: join(root, 'opt/cloudhsm/etc'),
    usrBin: join(root, 'usr/bin'),
    home: join(root, 'root'),
    orchestration: join(root, 'orchestration'),
    stateDir: join(root, 'var/lib/cloudhsm-sync'),
    workDir: join(root, 'dev/shm'),
  }
  const made = [places.vendorBin, places.vendorEtc, places.usrBin, places.home, places.orchestration, places.workDir]
  for (const place of made) mkdirSync(place, { recursive: true })
  const missing = bastion.missingTools ?? []
  const world = { state: join(directory, 'state.json'), bastion: bastion.instanceId, etc: places.vendorEtc }
  for (const name of vendorTools) if (!missing.includes(name)) writeTool(places.vendorBin, name, world)
  if (!missing.includes('aws')) writeTool(places.usrBin, 'aws', world)
  const config = join(places.vendorEtc, 'cloudhsm_mgmt_util.cfg')
  if (bastion.baseConfig !== null) writeFileSync(config, bastion.baseConfig ?? vendorConfig(firstIp))
  const cliConfig = join(places.vendorEtc, 'cloudhsm-cli.cfg')
  const ownerCertificate = writeOwnerCertificate(places.vendorEtc)
  if (bastion.cliConfig !== null) {
    writeFileSync(cliConfig, bastion.cliConfig ?? vendorCliConfig(firstIp, ownerCertificate))
  }
  return {
    platform: 'Linux',
    root,
    path: missing.length === 0 ? [places.usrBin, ...systemPath].join(':') : withoutTools(places.usrBin, missing),
    home: places.home,
    orchestration: places.orchestration,
    binary: join(places.vendorBin, 'cloudhsm_mgmt_util'),
    config,
    cli: join(places.vendorBin, 'cloudhsm-cli'),
    configure: join(places.vendorBin, 'configure-cli'),
    cliConfig,
    stateDir: places.stateDir,
    workDir: places.workDir,
  }
}

const WINDOWS = {
  binary: String.raw`C:\Program Files\Amazon\CloudHSM\cloudhsm_mgmt_util.exe`,
  config: String.raw`C:\ProgramData\Amazon\CloudHSM\data\cloudhsm_mgmt_util.cfg`,
  cli: String.raw`C:\Program Files\Amazon\CloudHSM\bin\cloudhsm-cli.exe`,
  configure: String.raw`C:\Program Files\Amazon\CloudHSM\bin\configure-cli.exe`,
  cliConfig: String.raw`C:\ProgramData\Amazon\CloudHSM\data\cloudhsm-cli.cfg`,
  stateDir: String.raw`C:\ProgramData\hsm-sync`,
  workDir: String.raw`C:\ProgramData\hsm-sync\work`,
} as const

/** The same with the paths of Windows, which here are names in the folder that its scripts run in. */
function windowsFiles(
  root: string,
  { directory, bastion, firstIp }: { directory: string; bastion: BastionSpec; firstIp: string },
): BastionFiles {
  const [usrBin, orchestration] = [join(root, 'bin'), join(root, 'orchestration')]
  for (const place of [usrBin, orchestration]) mkdirSync(place, { recursive: true })
  const missing = bastion.missingTools ?? []
  const world = { state: join(directory, 'state.json'), bastion: bastion.instanceId, etc: root, more: 'SIM_CRLF=1' }
  if (!missing.includes('aws')) writeTool(usrBin, 'aws', { ...world, more: '' })
  if (!missing.includes('cloudhsm_mgmt_util')) {
    writeTool(root, 'cloudhsm_mgmt_util', world)
    renameSync(join(root, 'cloudhsm_mgmt_util'), join(root, WINDOWS.binary))
  }
  if (bastion.baseConfig !== null)
    writeFileSync(join(root, WINDOWS.config), bastion.baseConfig ?? windowsConfig(firstIp))
  const path = [usrBin, ...systemPath].join(':')
  return { platform: 'Windows', root, path, home: root, orchestration, ...WINDOWS }
}

/** A folder with every fake executable, for tests that run them by hand. */
export function createToolFolder(directory: string): string {
  const folder = join(directory, 'bin')
  const etc = join(directory, 'etc')
  for (const place of [folder, etc]) mkdirSync(place, { recursive: true })
  writeOwnerCertificate(etc)
  const world = { state: join(directory, 'state.json'), bastion: 'by-hand', etc }
  for (const name of [...vendorTools, 'aws'] as const) writeTool(folder, name, world)
  return folder
}

interface ToolWorld {
  readonly state: string
  readonly bastion: string
  /** Stands for /opt/cloudhsm/etc. */
  readonly etc: string
  /** One more variable. */
  readonly more?: string
}

// The state file's place is in the wrapper: a script may well clear the environment before it starts a tool.
function writeTool(folder: string, name: keyof typeof programs, world: ToolWorld): void {
  const program = join(process.env.SIM_TOOLS ?? toolSource, programs[name])
  const file = join(folder, name)
  const words = [
    // A tool does little and leaves: preparing to compile it costs a sixth of its life. Node.js ignores it.
    'BUN_JSC_useJIT=0',
    `SIM_STATE=${quote(world.state)}`,
    `SIM_BASTION=${quote(world.bastion)}`,
    `SIM_ETC=${quote(world.etc)}`,
    ...(world.more ? [world.more] : []),
    'exec',
    quote(runtime),
  ]
  writeFileSync(file, `#!/bin/sh\n${words.join(' ')} ${quote(program)} "$@"\n`)
  chmodSync(file, 0o755)
}

// A run starts dozens of tools, and Bun starts several times faster than Node.js; where it is not installed Node.js
// does.
function fastestRuntime(): string {
  try {
    const bun = join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin/bun.exe')
    return spawnSync(bun, ['--version']).status === 0 ? bun : process.execPath
  } catch {
    return process.execPath
  }
}

function withoutTools(folder: string, missing: readonly string[]): string {
  const names = new Set(missing)
  for (const source of systemPath) {
    for (const name of list(source)) {
      if (names.has(name) || name === 'aws') continue
      names.add(name)
      symlinkSync(join(source, name), join(folder, name))
    }
  }
  return folder
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

// Client SDK 5 does not connect without the certificate that the cluster's owner made.
function writeOwnerCertificate(etc: string): string {
  const path = join(etc, 'customerCA.crt')
  writeFileSync(path, '-----BEGIN CERTIFICATE-----\nthe owner of the clusters\n-----END CERTIFICATE-----\n')
  return path
}

// As `configure-cli -a` makes it: one cluster, without an id.
function vendorCliConfig(ip: string, ownerCertificate: string): string {
  const cluster = { hsm_ca_file: ownerCertificate, servers: [{ hostname: ip, port: 2223, enable: true }] }
  const logging = {
    log_type: 'file',
    log_file: '/opt/cloudhsm/run/cloudhsm-cli.log',
    log_level: 'info',
    log_interval: 'daily',
  }
  return `${JSON.stringify({ clusters: [{ type: 'hsm1', cluster }], logging }, null, 2)}\n`
}

// The field set of a file that `configure -a` of client 3.x wrote, and one key nobody knows: a merge must keep it.
function vendorConfig(ip: string): string {
  const server = {
    CAfile: '',
    CApath: '/opt/cloudhsm/etc/certs',
    certificate: '/opt/cloudhsm/etc/client.crt',
    e2e_encryption: { enable: 'yes', owner_cert_path: '/opt/cloudhsm/etc/customerCA.crt' },
    enable: 'yes',
    hostname: ip,
    name: ip,
    pkey: '/opt/cloudhsm/etc/client.key',
    port: 2225,
    server_ssl: 'yes',
    ssl_ciphers: '',
  }
  const scard = { certificate: 'cert-sc', enable: 'no', pkey: 'pkey-sc', port: 2225 }
  return `${JSON.stringify({ scard, servers: [server], site_note: 'kept by hand, do not remove' }, null, 2)}\n`
}

// The same as Windows has it: other paths, with their backslashes escaped, and lines that end with CRLF.
function windowsConfig(ip: string): string {
  const data = String.raw`C:\\ProgramData\\Amazon\\CloudHSM\\data\\`
  return vendorConfig(ip)
    .replaceAll(/"\/opt\/cloudhsm\/etc\/([^"]*)"/g, (_, name: string) => `"${data}${name}"`)
    .replaceAll('\n', '\r\n')
}
