import { stringify } from 'yaml'
import type { z } from 'zod'
import type { FileSchema } from './config-schema.ts'

/** config.yml before it is read. */
export type FileValues = z.input<typeof FileSchema>

type Value = string | number | readonly string[]

interface Explained {
  readonly key: string
  readonly why: string
}

/** One value. `examples`: one for each example of the list that it stands in, the first where there are fewer. */
interface Leaf extends Explained {
  readonly examples: readonly [Value, ...Value[]]
}

interface Branch extends Explained {
  readonly kind: 'group' | 'list'
  readonly settings: readonly Setting[]
}

type Setting = Leaf | Branch

function leaf(key: string, why: string, ...examples: Leaf['examples']): Leaf {
  return { key, why, examples }
}

function group(key: string, why: string, settings: readonly Setting[]): Branch {
  return { kind: 'group', key, why, settings }
}

function list(key: string, why: string, settings: readonly Setting[]): Branch {
  return { kind: 'list', key, why, settings }
}

const CREDENTIALS = [
  leaf('source', 'or ssm-parameter', 'secretsmanager'),
  leaf('id', 'its name or ARN, never its value', 'hsm/crypto-officer'),
]

const ACCESS = [
  leaf(
    'roleArn',
    'in another account: a role that the bot takes on; left out: its own',
    'arn:aws:iam::123456789012:role/hsm-sync',
  ),
  leaf('externalId', 'where that role asks for one', 'hsm-sync-7Q2F'),
]

/** Every setting of config.yml in the order of the file: the example and what `init` writes are both made of this. */
const SETTINGS: readonly Setting[] = [
  list('clusters', 'what is not listed here can be named by nobody', [
    leaf('alias', 'what people type in Slack, in any case', 'prod-us', 'prod-eu'),
    leaf('clusterId', 'as CloudHSM shows it', 'cluster-2abcdefghij', 'cluster-7klmnopqrst'),
    leaf('region', 'where it is', 'us-east-1', 'eu-west-1'),
    ...ACCESS,
  ]),
  list('bastions', "instances with CloudHSM's tools, managed by Systems Manager", [
    leaf('name', 'how the routes name it', 'us-bastion'),
    leaf('instanceId', 'as Systems Manager shows it', 'i-0123456789abcdef0'),
    leaf('region', 'where it is', 'us-east-1'),
    leaf('platform', 'or windows, where CMU alone is used; paths left out are those of the platform', 'linux'),
    ...ACCESS,
    group('credentials', "the crypto officer's secret; only the bastion reads it", CREDENTIALS),
    group('cmu', 'where CMU is (Client SDK 3); left out: as here', [
      leaf('binary', 'the program', '/opt/cloudhsm/bin/cloudhsm_mgmt_util'),
      leaf('config', 'the base config', '/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg'),
    ]),
    group('cli', 'where CloudHSM CLI is (Client SDK 5); left out: as here', [
      leaf('binary', 'the program', '/opt/cloudhsm/bin/cloudhsm-cli'),
      leaf('configure', 'the program that makes its configuration', '/opt/cloudhsm/bin/configure-cli'),
      leaf('config', 'its configuration', '/opt/cloudhsm/etc/cloudhsm-cli.cfg'),
    ]),
    list('cryptoUsers', 'their keys are compared by check value too (cloudhsm-cli); left out: none', [
      leaf('user', 'the name of a crypto user', 'payments'),
      leaf('source', 'or ssm-parameter', 'secretsmanager'),
      leaf('id', 'its name or ARN, never its value', 'hsm/payments'),
    ]),
    leaf(
      'document',
      'an SSM document that holds the script (`document` prints it); left out: it is sent each time',
      'HsmSync-us',
    ),
    leaf('stateDir', 'which operations the bastion has begun; left out: as here', '/var/lib/cloudhsm-sync'),
    leaf('workDir', 'in memory, for the length of one operation; left out: as here', '/dev/shm'),
  ]),
  list('routes', 'who may copy from where to where; what is on no route is refused', [
    leaf('source', 'the alias of a cluster', 'prod-us'),
    leaf('destination', 'the alias of its clone', 'prod-eu'),
    leaf('bastion', 'the name of a bastion', 'us-bastion'),
    leaf('channel', 'where its requests are decided; invite the bot', 'C0123456789'),
    leaf('engine', 'auto chooses by the HSM types; or cmu, cloudhsm-cli', 'auto'),
    group('requesters', 'who may ask; left out: any full member', [
      leaf('users', 'user ids', ['U0CCCCCCC']),
      leaf('userGroups', 'user group ids: their members', ['S0CCCCCCC']),
    ]),
    leaf(
      'calendar',
      'an SSM Change Calendar: nothing that people ask for starts unless it is open; left out: none is asked',
      'hsm-windows',
    ),
    group('watch', 'compares by itself (it logs in to list, and never writes); left out: only when somebody asks', [
      leaf('every', 'from 1h to 30d', '24h'),
    ]),
    leaf('ticket', 'a word of the reason must match; left out: none needed', 'CHG[0-9]{7}'),
    group('approval', 'who decides; never the one who asked', [
      group('approvers', 'users, user groups or both', [
        leaf('users', 'user ids', ['U0AAAAAAA']),
        leaf('userGroups', 'user group ids: their members', ['S0BBBBBBB']),
      ]),
      leaf('required', 'how many must approve', 2),
      leaf('expiresAfter', 'a number and m, h or d; left out: 8h', '8h'),
      leaf('reminders', 'parts of that time; then the thread names who has not decided', ['50%', '90%']),
    ]),
  ]),
  group('operators', 'who may also take the brake off; left out: only the command line', [
    leaf('users', 'user ids', ['U0DDDDDDD']),
    leaf('userGroups', 'user group ids: their members', ['S0DDDDDDD']),
  ]),
  leaf('workspaces', 'others of the same Enterprise Grid whose full members count; left out: none', ['T0123ABCD']),
  group('keep', 'what is kept after a request', [
    leaf('steps', 'how long what the steps printed is kept; the record stays; left out: 90d', '90d'),
  ]),
]

/** A commented config.yml in which every setting is active. */
export function exampleConfig(): string {
  const head = ['Settings of HSM Sync, every one of them: an example. `init` writes one for your clusters.']
  return textOf(head, linesOf(SETTINGS, { values: examplesOf(SETTINGS, 0), depth: 0, path: '', item: 0, notes: {} }))
}

/**
 * A commented config.yml with these values. What they leave out stands there commented out. `notes`: instead of the
 * explanation, by path such as `routes[].engine`.
 */
export function configText(values: FileValues, notes: Readonly<Record<string, string>> = {}): string {
  const head = [
    'Settings of HSM Sync, written by `init`. Lines that begin with # are settings that may be left out:',
    'take the # and the blank behind it away to set one. `node dist/main.js init --example` shows all of them active.',
  ]
  return textOf(head, linesOf(SETTINGS, { values, depth: 0, path: '', item: 0, notes }))
}

interface Line {
  readonly depth: number
  readonly text: string
  /** How deep the sign stands that makes it a comment; undefined: it is active. */
  readonly off: number | undefined
}

interface Place {
  /** Undefined: all of it is commented out, with the examples. */
  readonly values: Readonly<Record<string, unknown>> | undefined
  readonly depth: number
  readonly off?: number
  readonly path: string
  /** Which one of its list it is: only the first is explained. */
  readonly item: number
  readonly notes: Readonly<Record<string, string>>
}

function linesOf(settings: readonly Setting[], place: Place): Line[] {
  return settings.flatMap((setting) => {
    const { values, depth, item, notes } = place
    const { key } = setting
    const path = place.path === '' ? key : `${place.path}.${key}`
    const given = values?.[key]
    const off = given === undefined ? (place.off ?? depth) : undefined
    const why = item === 0 ? ` # ${notes[path] ?? setting.why}` : ''
    if (!('settings' in setting)) {
      const shown = given ?? setting.examples[item] ?? setting.examples[0]
      return [{ depth, off, text: `${key}: ${inline(shown)}${why}` }]
    }
    const inner = { depth: depth + 1, notes, ...(off === undefined ? {} : { off }) }
    const head: Line = { depth, off, text: `${key}:${why}` }
    if (setting.kind === 'group') {
      const below = linesOf(setting.settings, { ...inner, values: isMap(given) ? given : undefined, path, item })
      return [head, ...below]
    }
    if (Array.isArray(given) && given.length === 0) return [{ depth, off, text: `${key}: []${why}` }]
    const items = Array.isArray(given) ? given.map((one) => (isMap(one) ? one : {})) : [undefined]
    const within = { ...inner, depth: depth + 2, path: `${path}[]` }
    return [
      head,
      ...items.flatMap((one, at) => asItem(linesOf(setting.settings, { ...within, values: one, item: at }))),
    ]
  })
}

function asItem([first, ...rest]: readonly Line[]): Line[] {
  return first ? [{ ...first, depth: first.depth - 1, text: `- ${first.text}` }, ...rest] : []
}

/** The first example of every setting; of a list as many as its settings have. */
function examplesOf(settings: readonly Setting[], item: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    settings.map((setting) => {
      if (!('settings' in setting)) return [setting.key, setting.examples[item] ?? setting.examples[0]]
      if (setting.kind === 'group') return [setting.key, examplesOf(setting.settings, item)]
      const count = Math.max(...setting.settings.map((one) => ('settings' in one ? 1 : one.examples.length)))
      return [setting.key, Array.from({ length: count }, (_, at) => examplesOf(setting.settings, at))]
    }),
  )
}

function textOf(head: readonly string[], lines: readonly Line[]): string {
  const body = lines.map(({ depth, off, text }, at) => {
    const blank = depth === 0 && at > 0 ? '\n' : ''
    return off === undefined
      ? `${blank}${'  '.repeat(depth)}${text}`
      : `${blank}${'  '.repeat(off)}# ${'  '.repeat(depth - off)}${text}`
  })
  return `${[...head.map((line) => `# ${line}`), '', ...body].join('\n')}\n`
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trimEnd()
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
