import { canonicalJson } from '../domain/digest.ts'
import { PLATFORMS, type Platform } from '../domain/platform.ts'
import type { Bastion, Route } from '../domain/route.ts'
import { toolData } from './check.ts'
import type { ScriptCall } from './engine.ts'
import { loginWord, quoted, scriptLines, sharedLines } from './script-lines.ts'

/** What of a route the document fixes. */
export type LockedRoute = Pick<Route, 'source' | 'destination' | 'bastion'>

/**
 * An SSM Command document (schema 2.2) for one bastion that holds the bastion script itself, for every tool, and every
 * path, login and cluster that the settings name. What is left as data comes in as environment variables, each by its
 * pattern (`interpolationType: ENV_VAR`; agent 3.3.2746.0 or newer): whoever may send this document and no other can
 * run the reviewed script on that bastion, and nothing else.
 */
export function lockedDocument(bastion: Bastion, routes: readonly LockedRoute[]): string {
  const own = routes.filter((route) => route.bastion.name === bastion.name)
  const patterns = patternsFor(bastion, own)
  const parameters = Object.fromEntries(
    Object.entries(patterns).map(([name, allowedPattern]) => [
      name,
      {
        type: 'String',
        default: DEFAULTS[name] ?? '',
        allowedPattern: `^(${allowedPattern})$`,
        interpolationType: 'ENV_VAR',
      },
    ]),
  )
  const document = {
    schemaVersion: '2.2',
    description: `HSM Sync on ${bastion.name}: its script, and nothing else`,
    parameters: {
      ...parameters,
      executionTimeout: { type: 'String', default: '720', allowedPattern: '^[0-9]{1,5}$' },
    },
    mainSteps: [
      {
        action: ACTIONS[bastion.platform],
        name: 'sync',
        precondition: { StringEquals: ['platformType', PLATFORMS[bastion.platform].type] },
        inputs: {
          timeoutSeconds: '{{ executionTimeout }}',
          runCommand:
            bastion.platform === 'linux'
              ? bashFor(bastion, own, Object.keys(patterns))
              : powerShellFor(bastion, Object.keys(patterns)),
        },
      },
    ],
  }
  return JSON.stringify(document, null, 2)
}

/**
 * Do these two hold the same? SSM may lay a document out in another way. One that has a field twice is another: which
 * of the two SSM goes by is not known.
 */
export function isDocument(content: string, expected: string): boolean {
  if (content === expected) return true
  try {
    const found: unknown = JSON.parse(content)
    return canonicalJson(found) === canonicalJson(JSON.parse(expected)) && fieldsIn(found) === fieldsWritten(content)
  } catch {
    return false
  }
}

/** Fields of all objects, as a parser has them: of one that stands twice only the last. */
function fieldsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value)
  return (Array.isArray(value) ? 0 : inner.length) + inner.reduce((sum: number, part) => sum + fieldsIn(part), 0)
}

/** The same as it is written: colons outside of strings. */
function fieldsWritten(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"|:/gs)].filter(([token]) => token === ':').length
}

/** A call as parameters of that document: what it fixes itself is left out. */
export function documentParameters({ tool, data }: ScriptCall): Readonly<Record<string, string>> {
  const free = new Set(['action', 'operation', ...Object.keys(DATA)])
  const isFixed = (name: string) =>
    !free.has(name) || (name === 'config' && (tool !== 'cmu' || data.action !== 'session'))
  return { tool, ...Object.fromEntries(Object.entries(data).filter(([name]) => !isFixed(name))) }
}

const ACTIONS: Readonly<Record<Platform, string>> = {
  linux: 'aws:runShellScript',
  windows: 'aws:runPowerShellScript',
}

const PACKED = '[A-Za-z0-9+/=]*'
/** Data of a call, by pattern, where the settings do not say more. */
const DATA = {
  seconds: '[1-9][0-9]{0,3}',
  until: '0|[1-9][0-9]{0,15}',
  chunk: '[1-9][0-9]{0,4}',
  seal: 'yes|no',
  sha256: '([0-9a-f]{64})?',
  config: PACKED,
  dialogue: PACKED,
  lock: '',
  logins: '',
  clusters: '',
  hosts: '[0-9A-Fa-f.:,]*',
} as const

const DEFAULTS: Readonly<Record<string, string>> = {
  tool: 'cmu',
  action: 'read-config',
  operation: 'NONE.0',
  seconds: '600',
  until: '0',
  chunk: '1',
  seal: 'no',
}

function patternsFor(
  { platform, credentials, cryptoUsers }: Bastion,
  own: readonly LockedRoute[],
): Readonly<Record<string, string>> {
  const login = anyOf(
    [loginWord(credentials), ...cryptoUsers.map((one) => loginWord(one, one.user))].map((word) =>
      word.replace(/[.+]/g, '\\$&'),
    ),
  )
  const sides = own.flatMap(({ source, destination }) => [source, destination])
  const cluster = `${anyOf(sides.map(({ clusterId, region }) => `${clusterId}=${region}`))}=[0-9A-Fa-f.:,]{2,2000}`
  return {
    tool: platform === 'linux' ? 'cmu|cloudhsm-cli' : 'cmu',
    action: 'read-config|session|fetch|check',
    operation: '[A-Z0-9]{1,20}\\.[0-9]{1,6}',
    ...DATA,
    lock: `${anyOf(own.map(({ destination }) => destination.clusterId))}?`,
    logins: `(${login}(,${login}){0,60})?`,
    clusters: `(${cluster}( ${cluster})?)?`,
  }
}

/** The same in PowerShell, with the one tool that Windows has. */
function powerShellFor({ region, stateDir, workDir, cmu }: Bastion, names: readonly string[]): readonly string[] {
  const data = names.filter((name) => name !== 'tool').map((name) => `"${name}=$env:SSM_${name}"`)
  const places = { region, state: stateDir, work: workDir, binary: cmu.binary, base: cmu.config, cmu: cmu.binary }
  const part = (name: string) => scriptLines(new URL(name, import.meta.url))
  return [
    `if ($env:SSM_tool -cne 'cmu') { [Console]::Error.WriteLine(${quoted(NOT_ARRIVED)}); exit 2 }`,
    `$data = @(${[...data, ...pairs(places)].join(', ')})`,
    `if ($env:SSM_action -cne 'session') { $data += ${pairs({ config: cmu.config }).join()} }`,
    `$PERMITTED = ${quoted(cmuLines())}`,
    ...part('./cmu/locked.ps1'),
    ...part('./cmu/tool.ps1'),
    ...part('./check.ps1'),
    ...sharedLines('windows'),
  ]
}

const NOT_ARRIVED = 'no parameter arrived as an environment variable: SSM Agent 3.3.2746.0 or newer is needed'

function bashFor(bastion: Bastion, own: readonly LockedRoute[], names: readonly string[]): readonly string[] {
  const data = names.filter((name) => name !== 'tool').map((name) => `"${name}=\${SSM_${name}-}"`)
  const { region, stateDir, workDir, cmu } = bastion
  const places = { region, state: stateDir, work: workDir }
  return [
    '#!/bin/bash',
    `set -- ${data.join(' ')}`,
    `case \${SSM_tool-} in`,
    'cmu)',
    `set -- "$@" ${fixed({ ...places, binary: cmu.binary, base: cmu.config })}`,
    `[[ \${SSM_action-} == session ]] || set -- "$@" ${fixed({ config: cmu.config })}`,
    `PERMITTED=${quoted(cmuLines())}`,
    ...scriptLines(new URL('./cmu/locked.sh', import.meta.url)),
    ...scriptLines(new URL('./cmu/tool.sh', import.meta.url)),
    ';;',
    'cloudhsm-cli)',
    `set -- "$@" ${fixed({ ...places, ...toolData(bastion) })}`,
    `PERMITTED=${quoted(cliLines(own))}`,
    ...['configure.sh', 'failed-logins.sh', 'tool.sh'].flatMap((part) =>
      scriptLines(new URL(`./cloudhsm-cli/${part}`, import.meta.url)),
    ),
    // It looks at both tools, whichever of them brings it.
    ...scriptLines(new URL('./check.sh', import.meta.url)),
    ';;',
    `*) echo "${NOT_ARRIVED}" >&2; exit 2 ;;`,
    'esac',
    ...sharedLines('linux'),
  ]
}

/** The lines that a dialogue with CMU may hold, as an extended regular expression: it lists, and it copies. */
function cmuLines(): string {
  const command = anyOf(
    ['listUsers', 'exit', 'info server [0-9]+', 'server [0-9]+'],
    ['findAllKeys [0-9]+ [01]', 'syncUser [0-9]+ [0-9]+', 'syncKey [0-9]+ [0-9]+'],
  )
  return `^(login|mark (login|read|write)|need .*|send ${command})$`
}

/** Printable ASCII, but no quotes and no backslash, which the tool might read as more than a name. */
const NAME = '[]!#-&(-[^-~]+'

/** The same with CloudHSM CLI, which names its clusters: the direction is that of the routes. */
function cliLines(own: readonly LockedRoute[]): string {
  const clusters = anyOf(own.flatMap(({ source, destination }) => [source.clusterId, destination.clusterId]))
  const pairs = anyOf(
    own.map(
      ({ source, destination }) =>
        `--source-cluster-id ${source.clusterId} --destination-cluster-id ${destination.clusterId}`,
    ),
  )
  const role = '(admin|crypto-user)'
  const lines = anyOf(
    ['mark (login|read|write)', 'tolerate .*', `login [0-9]+ ${role} ${clusters}`, `logout ${clusters}`],
    [`ask cluster hsm-info --cluster-id ${clusters}`, `send user list --cluster-id ${clusters}`],
    [`pages key list --cluster-id ${clusters} --max-items [0-9]+( --verbose)?`],
    [`try user replicate --username ${NAME} --role ${role} ${pairs}`],
    [`try key replicate --filter key-reference=0x[0-9a-f]{16} ${pairs}`],
  )
  return `^${lines}$`
}

function anyOf(...lists: readonly (readonly string[])[]): string {
  return `(${[...new Set(lists.flat())].join('|')})`
}

function fixed(data: Readonly<Record<string, string>>): string {
  return pairs(data).join(' ')
}

function pairs(data: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(data).map(([name, value]) => quoted(`${name}=${value}`))
}
