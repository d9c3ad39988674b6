import type { Instant } from '../../domain/brand.ts'
import { redact } from '../../domain/redact.ts'
import type { Bastion } from '../../domain/route.ts'
import type { EngineName } from '../../domain/spec.ts'
import { loginsOf } from '../../engines/check.ts'
import { NEEDED_VERSION, versionIn } from '../../engines/cloudhsm-cli/index.ts'
import { type Finding, OK, unknown, unwise, type Verdict, wrong } from './finding.ts'

export interface Host {
  readonly ip: string
  /** Of its cluster. */
  readonly alias: string
}

interface About {
  readonly bastion: Bastion
  /** The tools that its routes would use; `undefined` among them: of one route it is not known. */
  readonly engines: ReadonlySet<EngineName | undefined>
  readonly hosts: readonly Host[]
  readonly now: Instant
}

type Findings = ReadonlyMap<string, string>

const PORTS = [2223, 2224, 2225]
/** As the tools' own configuration files have it. */
const PORT_OF: Readonly<Record<EngineName, number>> = { cmu: 2225, 'cloudhsm-cli': 2223 }
/** A step is not begun more than fifteen minutes after it was planned, by the bastion's clock. */
const CLOCK_SECONDS = 300

/** What check.sh or check.ps1 found, in words. What it did not say is not known. */
export function judgeFindings(findings: Findings, about: About): readonly Finding[] {
  const { bastion, engines, hosts, now } = about
  const { name } = bastion
  const at = (check: string, what: string, verdict: Verdict): Finding => ({
    check,
    about: `${name}: ${what}`,
    ...verdict,
  })
  const said = (key: string, words: (found: string) => Verdict) => saidOf(findings, key, words)
  const logins = loginsOf(bastion).map(({ id }, index) =>
    at(
      'secret',
      id,
      said(`secret.${index + 1}`, (found) => wrong(redact(found), 'See "The secret" in the set-up.')),
    ),
  )
  return [
    ...(bastion.platform === 'linux' ? linuxFindings(bastion, at, said) : windowsFindings(bastion, at, said)),
    at('clock', 'clock', judgeClock(findings.get('clock'), now)),
    at(
      'state-dir-space',
      bastion.stateDir,
      said('state-free', (found) =>
        wrong(`the free space ${found}`, 'Make room: what cannot be recorded is not begun.'),
      ),
    ),
    ...(engines.has('cmu') ? cmuFindings(bastion, at, said) : []),
    ...(engines.has('cloudhsm-cli') ? cliFindings(bastion, at, said) : []),
    ...(engines.has(undefined)
      ? [at('tool', 'tools', unknown('of one route it is not known which tool it would use'))]
      : []),
    ...logins,
    ...hosts.map(({ ip, alias }) => ({
      check: 'hsm-ports',
      about: `${name} → ${ip} (${alias})`,
      ...judgePorts(findings, ip, engines),
    })),
  ]
}

type At = (check: string, what: string, verdict: Verdict) => Finding
type Said = (key: string, words: (found: string) => Verdict) => Verdict

function linuxFindings({ workDir, stateDir }: Bastion, at: At, said: Said): readonly Finding[] {
  return [
    at(
      'programs',
      'programs',
      said('programs', (found) => wrong(`missing: ${found}`, 'Install them there.')),
    ),
    at(
      'work-dir',
      workDir,
      said('work', (found) => wrong(found, 'Name a writable tmpfs in workDir.')),
    ),
    at(
      'work-dir-memory',
      workDir,
      said('work-memory', (found) =>
        wrong(`${found}, no tmpfs: what is private would reach a disk`, 'Name a tmpfs in workDir.'),
      ),
    ),
    at(
      'state-dir',
      stateDir,
      said('state', (found) => wrong(found, 'Make it writable for root.')),
    ),
  ]
}

/** Both folders are for SYSTEM and Administrators alone; the first session makes them. */
function windowsFindings({ workDir, stateDir }: Bastion, at: At, said: Said): readonly Finding[] {
  const mend = 'Remove the folder: the first session makes it, for SYSTEM and Administrators alone.'
  return [
    at(
      'work-dir',
      workDir,
      said('work', (found) => wrong(found, mend)),
    ),
    at(
      'state-dir',
      stateDir,
      said('state', (found) => wrong(found, mend)),
    ),
  ]
}

function cmuFindings({ cmu }: Bastion, at: At, said: Said): readonly Finding[] {
  const install = 'Install Client SDK 3 there, or correct the paths in cmu.'
  return [
    at(
      'tool',
      cmu.binary,
      said('cmu-binary', (found) => wrong(found, install)),
    ),
    at(
      'tool-config',
      cmu.config,
      said('cmu-config', (found) => wrong(found, install)),
    ),
  ]
}

function cliFindings({ cli }: Bastion, at: At, said: Said): readonly Finding[] {
  const install = 'Install Client SDK 5 there, or correct the paths in cli.'
  const isThere = said('cli-binary', (found) => wrong(found, install))
  return [
    at('tool', cli.binary, isThere),
    ...(isThere.state === 'ok' ? [at('tool-version', cli.binary, said('cli-version', judgeVersion))] : []),
    at(
      'tool',
      cli.configure,
      said('cli-configure', (found) => wrong(found, install)),
    ),
    at(
      'tool-config',
      `the folder of ${cli.config}`,
      said('cli-folder', (found) => wrong(found, install)),
    ),
    at(
      'programs',
      'programs for CloudHSM CLI',
      said('cli-programs', (found) => wrong(`missing: ${found}`, 'Install them there.')),
    ),
    at(
      'namespace',
      'mount namespaces',
      said('cli-namespace', (found) =>
        wrong(`none can be made: ${found}`, 'CloudHSM CLI is configured in one: allow root to.'),
      ),
    ),
  ]
}

function saidOf(findings: Findings, key: string, words: (found: string) => Verdict): Verdict {
  const found = findings.get(key)
  if (found === undefined || found === '') return unknown('the bastion did not say')
  return found === 'ok' ? OK : words(found.slice(0, 400))
}

function judgeVersion(said: string): Verdict {
  const { version, isTaken } = versionIn(said)
  return isTaken ? OK : wrong(`it is ${version}; ${NEEDED_VERSION} or newer is needed`, 'Update Client SDK 5 there.')
}

function judgeClock(told: string | undefined, now: Instant): Verdict {
  if (told === undefined || !/^\d{9,12}$/.test(told)) return unknown('the bastion did not say')
  const apart = Math.abs(Math.round(now / 1000) - Number(told))
  if (apart <= CLOCK_SECONDS) return OK
  return wrong(
    `it is ${apart} seconds apart from this machine's`,
    'Set both clocks: a step that comes too late is not begun.',
  )
}

/**
 * An answer that refuses shows that there is a way; whether an HSM listens on a port that the tool does not use is its
 * own matter.
 */
function judgePorts(findings: Findings, ip: string, engines: About['engines']): Verdict {
  const ports = PORTS.map((port) => ({ port, found: findings.get(`hsm.${ip}.${port}`) }))
  if (ports.every(({ found }) => found === 'ok')) return OK
  if (ports.some(({ found }) => found === undefined)) return unknown('the bastion did not say')
  const closed = ports.filter(({ found }) => found !== 'ok')
  const problem = closed.map(({ port, found = '' }) => `port ${port}: ${found}`).join(', ')
  const mend = 'Look at the routes, and at the security group of the cluster: 2223–2225 from the bastion.'
  const used = [...engines].flatMap((engine) => (engine === undefined ? PORTS : [PORT_OF[engine]]))
  const isBad = closed.some(({ port, found = '' }) => used.includes(port) || !/refused/i.test(found))
  return isBad ? wrong(problem, mend) : unwise(problem, mend)
}
