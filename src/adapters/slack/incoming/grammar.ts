import { MOST_LISTED, type Mode, type Scope, type Selection } from '../../../domain/scope.ts'
import { code } from '../views/text.ts'
import { bareWord, plainTyping, undressed } from './typing.ts'

export interface SyncWords {
  readonly source: string
  readonly destination: string
  readonly mode: Mode
  readonly scope: Scope
  readonly reason: string
}

export const SYNC_USAGE =
  '/hsm-sync <source> <destination> [users=all|none|a,b] [keys=all|none|7,262162] [mode=sync|plan] <reason>'

const OPTIONS = ['users', 'keys', 'mode'] as const
// CMU: at most 31 letters, digits and underscores (user guide, createUser).
const USER_NAME = /^[A-Za-z0-9_]{1,31}$/
const LARGEST_HANDLE = 0xffffffff
export const LONGEST_REASON = 500
/** Characters of everything in the form, as a command: a text input takes 3,000 at most (Slack, plain text input). */
export const LONGEST_FORM = 7000

/**
 * Reads the words behind `/hsm-sync`. Every wrong word gets a sentence that quotes it and shows the right form; what
 * looks like an option is read as one or refused, never part of the reason.
 */
export function parseSync(text: string): SyncWords | { readonly problems: readonly string[] } {
  const words = wordsOf(text)
  const [source, destination] = words.slice(0, 2).map(bareWord)
  if (!source || !destination) return { problems: ['Name the source and the destination cluster, then the reason.'] }
  const problems: string[] = []
  for (const name of [source, destination]) {
    if (readOption(name) || isForPlan(name))
      problems.push(`${code(name)} stands where a cluster is expected: source and destination come first.`)
  }
  const rest = words.slice(2)
  const reasonAt = rest.findIndex((word) => !readOption(bareWord(word)))
  const options = (reasonAt < 0 ? rest : rest.slice(0, reasonAt)).map(bareWord)
  const reasonWords = reasonAt < 0 ? [] : rest.slice(reasonAt)
  problems.push(...misplaced(reasonWords))

  const seen = new Map<string, string>()
  for (const typed of options) {
    const option = readOption(typed)
    if (!option?.name)
      problems.push(`${code(typed)} is no option: there are ${code('users=')}, ${code('keys=')} and ${code('mode=')}.`)
    else if (option.value === undefined)
      problems.push(`${code(typed)} lacks its value. Options are written ${code('mode=plan')}, without spaces.`)
    else if (seen.has(option.name)) problems.push(`${code(typed)}: ${code(`${option.name}=`)} stands there twice.`)
    if (option?.name) seen.set(option.name, option.value ?? 'all')
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

/** The words as typed, without what was pasted around them: the command itself, signs around all of it. */
function wordsOf(text: string): readonly string[] {
  const words = undressed(plainTyping(text))
    .split(/\s+/)
    .filter((word) => word !== '')
  const isCommand = /^\/?hsm-sync$/i.test(bareWord(words[0] ?? ''))
  return isCommand ? words.slice(1) : words
}

interface Option {
  /** Absent: one that there is not. */
  readonly name?: 'users' | 'keys' | 'mode'
  /** Absent: it was not given. */
  readonly value?: string
}

/**
 * A bare word as an option, in whatever dress; `undefined` where it is none. `--plan` and `--dry-run` are what other
 * programs have for `mode=plan`.
 */
function readOption(word: string): Option | undefined {
  const dashes = /^-*/.exec(word)?.[0] ?? ''
  const inner = word.slice(dashes.length)
  if (dashes !== '' && isForPlan(inner)) return { name: 'mode', value: 'plan' }
  const [, name = '', value] = /^([\p{L}\p{N}][\p{L}\p{N}_-]*)(?:=(.*))?$/su.exec(inner) ?? []
  if (name === '' || (dashes === '' && value === undefined)) return undefined
  const known = OPTIONS.find((option) => option === name.toLowerCase())
  return { ...(known ? { name: known } : {}), ...(value === undefined ? {} : { value: undressed(value) }) }
}

function isForPlan(word: string): boolean {
  return /^(plan|dry[-_]?run)$/i.test(word)
}

/** What looks like an option behind the place for options. */
function misplaced(reason: readonly string[]): readonly string[] {
  const bare = reason.map(bareWord)
  const [first = '', second = ''] = bare
  const isQuoted = reason.length > 0 && undressed(reason.join(' ')) !== reason.join(' ')
  const isPlan = isForPlan(first.replace(/[,;.:!]$/, '')) || (/^dry$/i.test(first) && /^run\b/i.test(second))
  if (isPlan && !isQuoted)
    return [
      `${code(first)} in front of the reason looks like an option. To compare only, write ${code('mode=plan')} there; where it belongs to the reason, put the reason in quotes.`,
    ]
  const late = bare.find((word, at) => isMeantAsOption(word, bare.slice(at + 1, at + 3)))
  return late === undefined
    ? []
    : [
        `${code(late)} looks like an option where the reason stands. Options are written ${code('mode=plan')}, without spaces, before the reason.`,
      ]
}

/** The command that asks for this, as somebody would type it. */
export function commandLine({ source, destination, mode, scope, reason }: SyncWords): string {
  // A number may have ten digits: what is larger is a reference.
  const typed = (key: number) => (key > LARGEST_HANDLE ? `0x${key.toString(16)}` : `${key}`)
  const keys = scope.keys.kind === 'listed' ? scope.keys.items.map(typed).join(',') : scope.keys.kind
  const users = scope.users.kind === 'listed' ? scope.users.items.join(',') : scope.users.kind
  // In quotes a word in front that looks like an option belongs to the reason.
  const words = misplaced(reason.split(' ')).length > 0 || unquoted(reason) !== reason ? `"${reason}"` : reason
  return `/hsm-sync ${source} ${destination} users=${users} keys=${keys} mode=${mode} ${words}`
}

/** What is asked for, field by field; where nothing was typed, `undefined` or nothing. */
export interface SyncFields {
  readonly users: string | undefined
  readonly keys: string | undefined
  readonly mode: string | undefined
  readonly reason: string
}

type FieldProblems = Partial<Record<keyof SyncFields, string>>

/**
 * Reads the fields of a request, of a command or of the form. Every wrong one gets a sentence that says what was
 * expected.
 */
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

const VALUE = /^(plan|sync|all|none|dry[-_]?run)$/i
/** Each of these would otherwise be read as a word of the reason, and a comparison become a sync. */
const MEANT_AS_OPTION: readonly RegExp[] = [
  /^(users|keys|mode)=/i,
  /^(users|keys|mode|plan|sync):/i,
  /^--\p{L}/u,
  /^-(users?|keys?|mode|plan|sync|dry[-_]?run)\b/i,
  /^mode[^\p{L}\p{N}]+(plan|sync|dry)/iu,
  // Whatever the name: it may have letters that only look like ours.
  /^[\p{L}\p{N}_-]+=(plan|sync|all|none|dry[-_]?run)$/iu,
]

function isMeantAsOption(word: string, [next = '', afterNext = '']: readonly string[]): boolean {
  const start = word.replace(/^["'`*_~([<]+/, '')
  if (MEANT_AS_OPTION.some((pattern) => pattern.test(start))) return true
  if (!/^(users|keys|mode)$/i.test(start)) return false
  // `mode = plan`, `mode -> plan`, `keys none`.
  const value = /^mode$/i.test(start) && /^[^\p{L}\p{N}]+$/u.test(next) ? afterNext : next
  return /^[=:]/.test(next) || VALUE.test(value)
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
  if (items.length > MOST_LISTED) return { problem: `${items.length} items, ${MOST_LISTED} are the most.` }
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
