import type { Platform } from '../domain/platform.ts'
import type { Bastion } from '../domain/route.ts'
import type { ScriptCall } from './engine.ts'
import { assemble, type OutputBlock } from './printed.ts'
import { bastionScript, callOf, loginWord, type Script } from './script-lines.ts'

/** No request has this id: it holds a letter that theirs never do. */
const OPERATION = 'DOCTOR.0'

/**
 * Looks whether the bastion is as the settings say (check.sh), and at the ports of these addresses. It changes nothing
 * that stays, and logs in nowhere.
 */
export function checkCall(bastion: Bastion, hosts: readonly string[]): ScriptCall {
  const { region, stateDir, workDir } = bastion
  const isWindows = bastion.platform === 'windows'
  return callOf(isWindows ? 'cmu' : 'cloudhsm-cli', checkScript(bastion.platform), {
    action: 'check',
    operation: OPERATION,
    region,
    state: stateDir,
    work: workDir,
    ...toolData(bastion),
    logins: loginsOf(bastion)
      .map(({ word }) => word)
      .join(),
    hosts: hosts.join(),
  })
}

/** A tool's script with the check in it: on Linux that of CloudHSM CLI, whose parts the check uses. */
export function checkScript(platform: Platform): Script {
  const cli = ['configure.sh', 'failed-logins.sh', 'tool.sh'].map((part) => `./cloudhsm-cli/${part}`)
  const parts = platform === 'linux' ? [...cli, './check.sh'] : ['./cmu/tool.ps1', './check.ps1']
  return bastionScript(platform, ...parts.map((part) => new URL(part, import.meta.url)))
}

/** Where both tools are: CloudHSM CLI's in the names that its own script uses. */
export function toolData({ cli, cmu }: Pick<Bastion, 'cli' | 'cmu'>): Readonly<Record<string, string>> {
  return { binary: cli.binary, configure: cli.configure, config: cli.config, cmu: cmu.binary, base: cmu.config }
}

/** Every login that the settings name, as the findings number them: `secret.1` is the first. */
export function loginsOf({ credentials, cryptoUsers }: Pick<Bastion, 'credentials' | 'cryptoUsers'>) {
  return [
    { word: loginWord(credentials), id: credentials.id },
    ...cryptoUsers.map((one) => ({ word: loginWord(one, one.user), id: one.id })),
  ]
}

/** What the check found, by name: `ok`, or what is wrong. `undefined` where the block is no whole answer to one. */
export function findingsIn(block: OutputBlock): ReadonlyMap<string, string> | undefined {
  if (block.action !== 'check' || block.operation !== OPERATION || block.result !== 'done') return undefined
  const lines = assemble([block])?.text?.split('\n')
  return lines && new Map(lines.flatMap((line) => pairIn(line)))
}

function pairIn(line: string): [string, string][] {
  const at = line.indexOf('=')
  return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]]
}
