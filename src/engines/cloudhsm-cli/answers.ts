import { z } from 'zod'
import type { HsmKey, HsmUser, Role } from '../../domain/inventory.ts'
import type { Attempt } from '../../domain/step.ts'
import { oneLine } from '../one-line.ts'
import { atOnce, type Slices } from '../slices.ts'
import { begins, DOCUMENTED } from './documented.ts'
import type { Exchange } from './session.ts'

const CliJson = z.object({ error_code: z.number(), data: z.unknown() })

// Loose: a field that nobody here knows may say `inconsistent`.
const UserAnswer = z.looseObject({
  // It becomes a word of a command: a name of another form makes the list unreadable (user guide: letters, digits,
  // underscore).
  username: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/),
  role: z.string(),
  locked: z.string().optional(),
  mfa: z.array(z.unknown()).optional(),
  'cluster-coverage': z.string(),
})
const UsersAnswer = z.object({ users: z.array(UserAnswer) })
type UserAnswer = z.infer<typeof UserAnswer>

const Named = z.looseObject({ username: z.string() })
const KeyAnswer = z.looseObject({
  'key-reference': z.string().regex(/^0x[0-9a-fA-F]{16}$/),
  'key-info': z
    .looseObject({
      'key-owners': z.array(Named).optional(),
      'shared-users': z.array(Named).optional(),
      'cluster-coverage': z.string().optional(),
    })
    .optional(),
  attributes: z
    .looseObject({
      label: z.string().nullish(),
      class: z.string().nullish(),
      'key-type': z.string().nullish(),
      'check-value': z.string().nullish(),
    })
    .optional(),
})
const KeysAnswer = z.object({
  matched_keys: z.array(KeyAnswer),
  total_key_count: z.number().int(),
  returned_key_count: z.number().int(),
})

// `internal(APPLIANCE_USER)` and roles nobody knows are never touched.
const ROLES: ReadonlyMap<string, Role> = new Map([
  ['admin', 'CO'],
  ['crypto-user', 'CU'],
])

/** The JSON of a whole answer, whatever the tool printed around it; `undefined` without one, or with more than one. */
export function parseAnswer({ answer, isWhole }: Exchange): z.infer<typeof CliJson> | undefined {
  if (!isWhole) return undefined
  const [found, ...others] = answersIn(answer)
  return others.length === 0 ? found : undefined
}

/** Lines of a log that hold braces are passed over: an answer begins a line (user guide, every sample). */
const MOST_BEGINNINGS = 200

function answersIn(text: string): z.infer<typeof CliJson>[] {
  const alone = toCliJson(text)
  if (alone) return [alone]
  const found: z.infer<typeof CliJson>[] = []
  // On a pipe nobody ends the line of a question.
  const line = /^(?:[^"{\n]*:)?[ \t]*\{/gm
  for (let tries = 0; tries < MOST_BEGINNINGS && found.length < 2; tries++) {
    const begin = line.exec(text)
    if (!begin) break
    const end = endOfObject(text, line.lastIndex - 1)
    const answer = end === undefined ? undefined : toCliJson(text.slice(line.lastIndex - 1, end))
    if (!answer || end === undefined) continue
    found.push(answer)
    line.lastIndex = end
  }
  return found
}

function toCliJson(text: string): z.infer<typeof CliJson> | undefined {
  try {
    return CliJson.safeParse(JSON.parse(text)).data
  } catch {
    return undefined // not JSON: cut, or another text
  }
}

/** Behind the brace that closes the one at `begin`; braces in strings do not count. */
function endOfObject(text: string, begin: number): number | undefined {
  let depth = 0
  let isText = false
  for (let at = begin; at < text.length; at++) {
    const sign = text[at]
    if (sign === '\\' && isText) at++
    else if (sign === '"') isText = !isText
    else if (sign === '{' && !isText) depth++
    else if (sign === '}' && !isText && --depth === 0) return at + 1
  }
  return undefined
}

/** Words for an answer that cannot be read: what there is instead. */
export function insteadOf(exchange: Exchange | undefined): string {
  if (!exchange) return ''
  if (exchange.answer === '' && exchange.stderr === '') return ': the tool printed nothing'
  const lines = `${exchange.answer}\n${exchange.stderr}`.split('\n')
  const foreign = lines.find((line) => /[A-Za-z]/.test(line) && !/^\s*["{}[\]]/.test(line))
  if (foreign === undefined) return ': its answer is cut, or of another form'
  return `: the tool printed, around its answer or instead of it: ${oneLine(foreign)}`
}

const HsmsAnswer = z.object({ hsms: z.array(z.unknown()) })

/** To how many HSMs the tool is connected; `undefined` if it does not show them. */
export function countHsms(exchange: Exchange | undefined): number | undefined {
  const answer = exchange && succeeded(exchange)
  return HsmsAnswer.safeParse(answer).data?.hsms.length
}

/**
 * Users of roles that are never touched, or that differ between HSMs, where not every HSM of the cluster has them
 * whole.
 */
export function inconsistentOthers(exchange: Exchange | undefined): readonly string[] {
  const answer = exchange && succeeded(exchange)
  const users = UsersAnswer.safeParse(answer).data?.users ?? []
  return users.flatMap((user) => {
    const coverage = coverageOf(user)
    return ROLES.has(user.role) || coverage === 'full' ? [] : [`${user.username} has ${coverage}`]
  })
}

/** Users of a cluster, those that are never touched left out; `undefined` if it cannot be read. */
export function parseUsers(exchange: Exchange | undefined): readonly HsmUser[] | undefined {
  const answer = exchange && succeeded(exchange)
  const users = UsersAnswer.safeParse(answer).data?.users
  return users?.flatMap((user): HsmUser[] => {
    const role = ROLES.get(user.role)
    if (!role) return []
    const uneven = inconsistentPart({ locked: user.locked, mfa: user.mfa })
    return [
      {
        id: 0,
        name: user.username.toLowerCase(),
        role,
        failedLogins: 0,
        coverage: coverageOf(user),
        ...(user.mfa === undefined ? {} : { hasSecondFactor: user.mfa.length > 0 }),
        ...(user.locked === undefined || user.locked === 'false' ? {} : { isLocked: true }),
        ...(uneven ? { uneven: `${uneven} inconsistent` } : {}),
      },
    ]
  })
}

/**
 * `full`, or what makes a user or key another one on some HSMs. Whether somebody is locked or has a second factor is
 * not the user's own.
 */
function coverageOf({ locked: _, mfa: __, ...user }: UserAnswer): string {
  const { 'cluster-coverage': coverage } = user
  return wholeness(typeof coverage === 'string' ? coverage : 'unknown', inconsistentPart(user)) ?? 'full'
}

/** The tool's word for where it is comes first: what else differs follows from that. */
function wholeness(coverage: string | undefined, inconsistent: string | undefined): string | undefined {
  if (coverage !== undefined && coverage !== 'full') return `cluster-coverage ${coverage}`
  return inconsistent === undefined ? coverage : `${inconsistent} inconsistent`
}

/** Names and labels are anybody's words. */
const FREE: ReadonlySet<string> = new Set(['username', 'label', 'id', 'key-reference'])

/**
 * The field in which CloudHSM CLI says that the HSMs of a cluster do not agree (user guide,
 * troubleshoot-sdk5-inconsistent-value).
 */
function inconsistentPart(value: unknown, path = ''): string | undefined {
  if (value === 'inconsistent') return path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, part] of Object.entries(value)) {
    if (FREE.has(name)) continue
    const owner = Named.safeParse(part).data?.username
    const inconsistent = inconsistentPart(part, path === '' ? name : `${path}.${owner ?? name}`)
    if (inconsistent !== undefined) return inconsistent
  }
  return undefined
}

/**
 * The keys of all pages of one listing; `undefined` if a page cannot be read or keys are missing by the tool's own
 * count.
 */
export function* keysIn(pages: readonly Exchange[]): Slices<readonly HsmKey[] | undefined> {
  const keys = new Map<number, HsmKey>()
  let total: number | undefined
  for (const page of pages) {
    const listed = KeysAnswer.safeParse(succeeded(page)).data
    if (!listed || listed.matched_keys.length !== listed.returned_key_count) return undefined
    total = listed.total_key_count
    const mayBeInconsistent = page.answer.includes('"inconsistent"')
    for (const answer of listed.matched_keys) {
      const key = toKey(answer, mayBeInconsistent)
      if (!Number.isSafeInteger(key.handle)) return undefined
      keys.set(key.handle, key)
    }
    yield
  }
  return total !== undefined && keys.size === total ? [...keys.values()] : undefined
}

export function parseKeys(pages: readonly Exchange[]): readonly HsmKey[] | undefined {
  return atOnce(keysIn(pages))
}

function toKey(answer: z.infer<typeof KeyAnswer>, mayBeInconsistent: boolean): HsmKey {
  const { attributes = {}, 'key-info': info = {} } = answer
  const { class: kind, 'key-type': type, 'check-value': checkValue, label } = attributes
  const inconsistent = mayBeInconsistent ? inconsistentPart(answer)?.replace(/^(key-info|attributes)\./, '') : undefined
  const coverage = wholeness(info['cluster-coverage'], inconsistent)
  const common = {
    handle: Number(answer['key-reference']),
    ...(label === undefined ? {} : { label }),
    ...(coverage === undefined ? {} : { coverage }),
  }
  const [owners, sharers] = [info['key-owners'], info['shared-users']]
  // What a listing leaves out is not none: without all of it only the label tells keys apart, and without a label
  // nothing does.
  if (!owners?.length || !sharers || !checkValue || !kind || !type)
    return { ...common, owner: null, sharedWith: [], shows: label === undefined ? 'reference' : 'label' }
  return {
    ...common,
    owner: namesOf(owners).join(','),
    sharedWith: namesOf(sharers),
    material: `${kind} ${type} ${checkValue}`,
  }
}

function namesOf(users: readonly z.infer<typeof Named>[]): string[] {
  return users.map(({ username }) => username.toLowerCase()).sort()
}

/** The data of an answer that says it worked, by every sign there is. */
function succeeded(exchange: Exchange): unknown {
  const answer = parseAnswer(exchange)
  return answer?.error_code === 0 && (exchange.status ?? 0) === 0 ? answer.data : undefined
}

const Replicated = z.object({
  message: z.string(),
  user: z.object({ username: z.string(), role: z.string() }).optional(),
  key: z.object({ 'key-reference': z.string() }).optional(),
})

/**
 * What CloudHSM CLI said to one `user replicate` or `key replicate`. Success needs exit status 0, error code 0, the
 * exact message and the right user or key in it; the documented failures (user guide, troubleshooting of both commands)
 * say what to do.
 */
export function judge(
  noun: 'user' | 'key',
  name: string,
  exchange: Exchange,
): { verdict: Attempt<unknown>['verdict']; said: string } {
  const answer = parseAnswer(exchange)
  const said = saidIn(exchange)
  if (answer === undefined) return { verdict: 'unclear', said }
  if (answer.error_code !== 0) {
    const [, , failed, all] = begins(said, DOCUMENTED.failedOn) ?? []
    if (failed !== undefined && Number(failed) < Number(all))
      return { verdict: 'incomplete', said: `${said} (not on all of them)` }
    return { verdict: 'failure', said: `${said}${adviceFor(noun, said)}` }
  }
  const done = Replicated.safeParse(answer.data).data
  const subject = noun === 'user' ? done?.user?.username : done?.key?.['key-reference']
  const isRight = done?.message === `Successfully replicated ${noun}` && subject?.toLowerCase() === name.toLowerCase()
  return { verdict: isRight && (exchange.status ?? 0) === 0 ? 'success' : 'unclear', said: done?.message ?? said }
}

/** The words of an answer: a failure's data is a plain string. */
export function saidIn(exchange: Exchange): string {
  const answer = parseAnswer(exchange)
  if (typeof answer?.data === 'string') return oneLine(answer.data)
  return oneLine(exchange.answer || exchange.stderr)
}

const ADVICE: readonly (readonly ['user' | 'key', string, string])[] = [
  ['key', DOCUMENTED.keyTorn, 'it is missing on some HSM of the source: repair the source cluster first'],
  [
    'key',
    DOCUMENTED.failedOn,
    'the destination has the same reference with other attributes, owner or shares, or lacks the owner or a sharer: compare both by hand',
  ],
  [
    'key',
    DOCUMENTED.keySingle,
    'the tool wants keys on two HSMs and a cluster has one: add a second HSM to it for the time of the sync',
  ],
  ['user', DOCUMENTED.userTorn, 'it differs between HSMs of the source: repair the source cluster first'],
  [
    'user',
    DOCUMENTED.failedOn,
    'it exists on the destination with another role, lock, quorum or second factor, or the clusters are no clones: compare both by hand',
  ],
]

/** What to do about a failure, where the user guide says so; in parentheses, to stand behind it. */
export function adviceFor(noun: 'user' | 'key', said: string): string {
  const found = ADVICE.find(([about, pattern]) => about === noun && begins(said, pattern))
  return found ? ` (${found[2]})` : ''
}
