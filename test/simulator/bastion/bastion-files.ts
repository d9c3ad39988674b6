import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BastionSpec } from '../world/world-spec.ts'

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const programs = { cloudhsm_mgmt_util: '../bin/cmu/cmu.mjs', aws: '../bin/aws.mjs' } as const

/** Absolute paths for the bot's config.yml. */
export interface BastionPaths {
  readonly binary: string
  readonly config: string
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
  const state = { path: join(directory, 'state.json'), bastion: bastion.instanceId }
  if (!missing.includes('cloudhsm_mgmt_util')) writeTool(places.vendorBin, 'cloudhsm_mgmt_util', state)
  if (!missing.includes('aws')) writeTool(places.usrBin, 'aws', state)
  const config = join(places.vendorEtc, 'cloudhsm_mgmt_util.cfg')
  if (bastion.baseConfig !== null) writeFileSync(config, bastion.baseConfig ?? vendorConfig(firstIp))
  return {
    root,
    path: missing.length === 0 ? [places.usrBin, ...systemPath].join(':') : withoutTools(places.usrBin, missing),
    home: places.home,
    orchestration: places.orchestration,
    binary: join(places.vendorBin, 'cloudhsm_mgmt_util'),
    config,
    stateDir: places.stateDir,
    workDir: places.workDir,
  }
}

/** A folder with every fake executable, for tests that run them by hand. */
export function createToolFolder(directory: string): string {
  const folder = join(directory, 'bin')
  mkdirSync(folder, { recursive: true })
  const state = { path: join(directory, 'state.json'), bastion: 'by-hand' }
  for (const name of ['cloudhsm_mgmt_util', 'aws'] as const) writeTool(folder, name, state)
  return folder
}

// The state file's place is in the wrapper: a script may well clear the environment before it starts a tool.
function writeTool(folder: string, name: keyof typeof programs, state: { path: string; bastion: string }): void {
  const program = fileURLToPath(new URL(programs[name], import.meta.url))
  const file = join(folder, name)
  const words = [
    `SIM_STATE=${quote(state.path)}`,
    `SIM_BASTION=${quote(state.bastion)}`,
    'exec',
    quote(process.execPath),
  ]
  writeFileSync(file, `#!/bin/sh\n${words.join(' ')} ${quote(program)} "$@"\n`)
  chmodSync(file, 0o755)
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
