import type { Mode, Scope, Selection } from '../../domain/scope.ts'
import { code } from './text.ts'

export interface SyncWords {
  readonly source: string
  readonly destination: string
  readonly mode: Mode
  readonly scope: Scope
  readonly reason: string
}

export const SYNC_USAGE =
  '/hsm-sync <source> <destination> [users=all|none|a,b] [keys=all|none|7,262162] [mode=sync|plan] <reason>'

const OPTION = /^(users|keys|mode)=/i
const LIKE_OPTION = /^([A-Za-z]+)=/
// CMU: at most 31 letters, digits and underscores (user guide, createUser).
const USER_NAME = /^[A-Za-z0-9_]{1,31}$/
const LARGEST_HANDLE = 0xffffffff
const MOST_ITEMS = 500
export const LONGEST_REASON = 500
/** Characters of everything in the form, as a command: a text input takes 3,000 at most (Slack, plain text input). */
export const LONGEST_FORM = 7000

/** Reads the words behind `/hsm-sync`. Every wrong word gets a sentence that quotes it and shows the right form. */
export function parseSync(text: string): SyncWords | { readonly problems: readonly string[] } {
  const words = plainTyping(text)
    .split(/\s+/)
    .filter((word) => word !== '')
  const [source, destination] = words
  if (!source || !destination) return { problems: ['Name the source and the destination cluster, then the reason.'] }
  const problems: string[] = []
  for (const name of [source, destination]) {
    if (LIKE_OPTION.test(name))
      problems.push(`${code(name)} stands where a cluster is expected: source and destination come first.`)
  }
  const rest = words.slice(2)
  const reasonAt = rest.findIndex((word) => !LIKE_OPTION.test(word))
  const options = reasonAt < 0 ? rest : rest.slice(0, reasonAt)
  const reasonWords = reasonAt < 0 ? [] : rest.slice(reasonAt)
  const late = reasonWords.find((word, at) => OPTION.test(word) || isMeantAsOption(word, reasonWords[at + 1]))
  if (late)
    problems.push(
      `${code(late)} looks like an option where the reason stands. Options are written ${code('mode=plan')}, without spaces, before the reason.`,
    )

  const seen = new Map<string, string>()
  for (const option of options) {
    const name = option.slice(0, option.indexOf('=')).toLowerCase()
    if (!OPTION.test(option))
      problems.push(`${code(option)} is no option: there are ${code('users=')}, ${code('keys=')} and ${code('mode=')}.`)
    else if (seen.has(name)) problems.push(`${code(option)}: ${code(`${name}=`)} stands there twice.`)
    if (OPTION.test(option)) seen.set(name, option.slice(option.indexOf('=') + 1))
  }
  const reason = unquoted(reasonWords.join(' '))
  const read = readFields({ users: seen.get('users'), keys: seen.get('keys'), mode: seen.get('mode'), reason })
  if (!('problems' in read)) return problems.length > 0 ? { problems } : { source, destination, ...read }
  for (const [name, problem] of Object.entries(read.problems)) {
    const isList = name === 'users' || name === 'keys'
    const typed = seen.has(name) ? `${code(`${name}=${seen.get(name)}`)}: ` : ''
    problems.push(`${typed}${problem}${isList ? ' Write it without spaces.' : ''}`)
  }
  return { problems }
}

/** The command that asks for this, as somebody would type it. */
export function commandLine({ source, destination, mode, scope, reason }: SyncWords): string {
  // A number may have ten digits: what is larger is a reference.
  const typed = (key: number) => (key > LARGEST_HANDLE ? `0x${key.toString(16)}` : `${key}`)
  const keys = scope.keys.kind === 'listed' ? scope.keys.items.map(typed).join(',') : scope.keys.kind
  const users = scope.users.kind === 'listed' ? scope.users.items.join(',') : scope.users.kind
  return `/hsm-sync ${source} ${destination} users=${users} keys=${keys} mode=${mode} ${reason}`
}

/** What is asked for, field by field; where nothing was typed, `undefined` or nothing. */
export interface SyncFields {
  readonly users: string | undefined
  readonly keys: string | undefined
  readonly mode: string | undefined
  readonly reason: string
}

type FieldProblems = Partial<Record<keyof SyncFields, string>>

/** Reads the fields of a request, of a command or of the form. Every wrong one gets a sentence that says what was expected. */
export function readFields(
  fields: SyncFields,
): Pick<SyncWords, 'mode' | 'scope' | 'reason'> | { readonly problems: FieldProblems } {
  const users = selection(
    fields.users,
    parseUser,
    `${code('all')}, ${code('none')} or names such as ${code('jdoe,app_7')}`,
  )
  const keys = selection(
    fields.keys,
    parseHandle,
    `${code('all')}, ${code('none')}, handles such as ${code('7,262162')} or references such as ${code('0x40012')}`,
  )
  const mode = parseMode(fields.mode)
  const { reason } = fields
  const problems: FieldProblems = {}
  if ('problem' in users) problems.users = users.problem
  if ('problem' in keys) problems.keys = keys.problem
  if (!mode) problems.mode = `expected ${code('mode=sync')} or ${code('mode=plan')}.`
  if (reason === '') problems.reason = 'The reason is missing: say why, in your own words.'
  if (reason.length > LONGEST_REASON)
    problems.reason = `The reason has ${reason.length} characters, ${LONGEST_REASON} is the most.`
  if ('problem' in users || 'problem' in keys || !mode) return { problems }
  if (users.kind === 'none' && keys.kind === 'none')
    problems.keys = `with ${code('users=none')} that leaves nothing to do.`
  return Object.keys(problems).length > 0 ? { problems } : { mode, scope: { users, keys }, reason }
}

/** `mode:plan`, `mode = plan` or `plan:` would otherwise be read as words of the reason, and a comparison become a sync. */
function isMeantAsOption(word: string, next: string | undefined): boolean {
  return /^(users|keys|mode|plan|sync):/i.test(word) || (/^(users|keys|mode)$/i.test(word) && /^[=:]/.test(next ?? ''))
}

/** What phones make of quotes and dashes, taken back. */
export function plainTyping(text: string): string {
  return text
    .replace(/[\u2018\u2019\u201A\u201B\u2032]/g, "'")
    .replace(/[\u201C\u201D\u201E\u201F\u2033\u00AB\u00BB]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u00A0\u2007\u202F\u200B\uFEFF]/g, ' ')
}

function selection<Item>(
  text: string | undefined,
  parse: (word: string) => Item | undefined,
  expected: string,
): Selection<Item> | { readonly problem: string } {
  const words = unquoted(text ?? 'all')
  if (words.toLowerCase() === 'all') return { kind: 'all' }
  if (words.toLowerCase() === 'none') return { kind: 'none' }
  const items: Item[] = []
  for (const word of words.split(',')) {
    const item = parse(word)
    if (item === undefined)
      return {
        problem: `${word === '' ? 'an empty item' : code(word)} is not right: expected ${expected}.`,
      }
    if (!items.includes(item)) items.push(item)
  }
  if (items.length > MOST_ITEMS) return { problem: `${items.length} items, ${MOST_ITEMS} are the most.` }
  return { kind: 'listed', items }
}

function parseUser(word: string): string | undefined {
  return USER_NAME.test(word) ? word.toLowerCase() : undefined
}

function parseHandle(word: string): number | undefined {
  // CloudHSM CLI writes key references of up to 64 bits; what a number cannot hold exactly is no reference anybody has.
  if (/^0x[0-9a-f]{1,16}$/i.test(word))
    return Number.isSafeInteger(Number(word)) && Number(word) > 0 ? Number(word) : undefined
  const handle = /^\d{1,10}$/.test(word) ? Number(word) : 0
  return handle >= 1 && handle <= LARGEST_HANDLE ? handle : undefined
}

function parseMode(text: string | undefined): Mode | undefined {
  const word = (text ?? 'sync').toLowerCase()
  return word === 'sync' || word === 'plan' ? word : undefined
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1).trim() : text.trim()
}
