import { isRole, type Role, roles } from './cast.ts'

/** What a line at the prompt asks for. */
export type Wish =
  | { readonly kind: 'command'; readonly role: Role; readonly command: string; readonly text: string }
  | { readonly kind: 'click'; readonly role: Role; readonly action: string; readonly request?: string }
  | { readonly kind: 'reject'; readonly role: Role; readonly reason: string }
  | { readonly kind: 'add-user'; readonly name: string }
  | { readonly kind: 'threads' | 'world' | 'help' | 'quit' | 'nothing' }
  | { readonly kind: 'wrong'; readonly problem: string }

/** Words for the buttons, as people say them. */
const ACTIONS: Readonly<Record<string, string>> = {
  approve: 'approve',
  withdraw: 'withdraw',
  stop: 'withdraw',
  config: 'view_config',
  share: 'share_hsms',
  again: 'ask_again',
}

export const PROMPT_HELP: readonly (readonly [example: string, meaning: string])[] = [
  ['requester /hsm-sync prod-us prod-eu mode=plan look', 'anybody types a slash command'],
  ['approver approve', 'clicks Approve on the newest card that has it; also withdraw, stop, config, share, again'],
  ['second approve 7Q2F', 'the same on the card of one request'],
  ['approver reject wrong cluster', 'clicks Reject and gives the reason'],
  ['add-user jdoe', 'a new crypto user with a key on prod-us, so that there is something to sync'],
  ['threads', 'the requests and where they stand'],
  ['world', 'users and keys of both clusters'],
  ['quit', 'stops everything'],
]

/** Reads one line of the prompt. */
export function parseWish(text: string): Wish {
  const [first = '', second = '', ...rest] = text.trim().split(/\s+/)
  if (first === '') return { kind: 'nothing' }
  if (first === 'threads' || first === 'world' || first === 'help' || first === 'quit') return { kind: first }
  if (first === 'exit') return { kind: 'quit' }
  if (first === 'add-user') {
    return /^[a-z0-9_]{1,31}$/.test(second)
      ? { kind: 'add-user', name: second }
      : { kind: 'wrong', problem: 'add-user needs a name of lower-case letters, digits and underscores' }
  }
  if (!isRole(first)) return { kind: 'wrong', problem: `nobody here is called ${first}; there are ${roles.join(', ')}` }
  if (second.startsWith('/')) return { kind: 'command', role: first, command: second, text: rest.join(' ') }
  if (second === 'reject') {
    return rest.length > 0
      ? { kind: 'reject', role: first, reason: rest.join(' ') }
      : { kind: 'wrong', problem: `say why: ${first} reject <reason>` }
  }
  const action = ACTIONS[second]
  if (action === undefined)
    return {
      kind: 'wrong',
      problem: `${first} can type a /command or click ${Object.keys(ACTIONS).join(', ')} or reject`,
    }
  const [request] = rest
  return { kind: 'click', role: first, action, ...(request === undefined ? {} : { request: request.toUpperCase() }) }
}
