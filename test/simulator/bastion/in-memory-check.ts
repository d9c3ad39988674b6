import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { cliVersion } from '../bin/in-memory.mjs'
import type { Bench } from './in-memory-tools.ts'

type Data = ReadonlyMap<string, string>

const PORTS = [2223, 2224, 2225]
const MISSING = 'is missing, or no program'
const OF_CLI: ReadonlySet<string> = new Set(['cp', 'date', 'grep', 'mount', 'sort', 'tail', 'unshare'])
const VENDORS: ReadonlySet<string> = new Set(['cloudhsm_mgmt_util', 'cloudhsm-cli', 'configure-cli'])

/** check.sh: what the world, the files and the secrets of this bastion say. The world's own findings win. */
export function checked(bench: Bench, data: Data): Readonly<Record<string, string>> {
  const { world, instanceId } = bench
  const bastion = world.peek().bastions.find((candidate) => candidate.instanceId === instanceId)
  const lacking = (bastion?.missingTools ?? []).filter((name) => !VENDORS.has(name))
  const there = (name: string) => existsSync(data.get(name) ?? '')
  return {
    programs: lacking.filter((name) => !OF_CLI.has(name)).join(' ') || 'ok',
    'cli-programs': lacking.filter((name) => OF_CLI.has(name)).join(' ') || 'ok',
    clock: `${Math.floor(Date.now() / 1000)}`,
    work: there('work') ? 'ok' : 'cannot be written',
    'work-memory': 'ok',
    state: 'ok',
    'state-free': 'ok',
    'cmu-binary': there('cmu') ? 'ok' : MISSING,
    'cmu-config': there('base') ? 'ok' : 'is missing, or cannot be read',
    'cli-configure': there('configure') ? 'ok' : MISSING,
    'cli-folder': existsSync(dirname(data.get('config') ?? '/')) ? 'ok' : 'is missing',
    'cli-namespace': 'ok',
    ...(there('binary') ? { 'cli-binary': 'ok', 'cli-version': versionOn(bench) } : { 'cli-binary': MISSING }),
    ...Object.fromEntries(listed(data, 'logins').map((login, at) => [`secret.${at + 1}`, secretOn(bench, login)])),
    ...Object.fromEntries(listed(data, 'hosts').flatMap((host) => portsOf(bench, host))),
    ...bastion?.findings,
  }
}

function listed(data: Data, name: string): readonly string[] {
  return (data.get(name) ?? '').split(',').filter((word) => word !== '')
}

function versionOn({ files, world, instanceId }: Bench): string {
  const variables = { HOME: files.home, SIM_STATE: world.path, SIM_BASTION: instanceId, SSM_COMMAND_ID: '' }
  return cliVersion({ ...variables, SIM_ETC: dirname(files.cliConfig) })
}

/** `fetch_login` of bastion.sh. */
function secretOn({ world }: Bench, login: string): string {
  const [owner = '', source = '', ...rest] = login.split(':')
  const name = rest.join(':')
  const { secrets, parameters } = world.peek()
  const text = (source === 'secretsmanager' ? secrets : parameters)[name]
  if (text === undefined) return `${name}: An error occurred (ResourceNotFoundException)`
  if (typeof text !== 'string') return `${name}: An error occurred (AccessDeniedException)`
  const user = /"username"\s*:\s*"([A-Za-z0-9_]{1,31})"/.exec(text)?.[1]
  if (user === undefined) return `the secret ${name} needs a "username" of letters, digits and underscores`
  if (owner !== '' && user.toLowerCase() !== owner) return `the secret ${name} is not that of ${owner}`
  return /"password"\s*:\s*"[^"\\'\s]{7,64}"/.test(text)
    ? 'ok'
    : `the secret ${name} needs a "password" of 7 to 64 characters without white space, quotes, backslashes or control characters`
}

function portsOf({ world }: Bench, host: string): readonly (readonly [string, string])[] {
  const hsm = world
    .peek()
    .clusters.flatMap(({ hsms }) => hsms)
    .find(({ ip }) => ip === host)
  const answer = hsm && !hsm.faults.refuse ? 'ok' : 'does not answer in 3 seconds'
  return PORTS.map((port) => [`hsm.${host}.${port}`, answer] as const)
}
