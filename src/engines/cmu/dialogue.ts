import type { Mark } from '../../domain/evidence.ts'
import type { ServerNumber } from '../../domain/ids.ts'
import type { HsmUser } from '../../domain/inventory.ts'
import { type Spec, serversOf } from '../../domain/spec.ts'
import type { ListingPart, ServerUsers, StepPlan } from '../../domain/step.ts'

/** One line of what the bastion script plays (see `talk` in tool.sh). */
export type Line =
  | { readonly do: 'send'; readonly command: string }
  | { readonly do: 'need'; readonly pattern: string }
  | { readonly do: 'mark'; readonly word: Mark }
  | { readonly do: 'login' }

/** Everything CMU is told in one step, and what it must have printed before it is told more. */
export function dialogueOf(spec: Spec, plan: StepPlan): readonly Line[] {
  switch (plan.kind) {
    case 'inspect':
      return [...connect(spec), send('listUsers')]
    case 'inventory':
      return [
        ...connect(spec),
        ...login(spec),
        mark('read'),
        send('listUsers'),
        ...plan.users.flatMap((hsm) => listKeys(hsm, plan.part)),
      ]
    case 'sync-users': {
      const commands = plan.users.map((user) => send(`syncUser ${user.id} ${plan.server}`))
      return [...connect(spec), ...login(spec), ...onSource(commands), send('listUsers')]
    }
    case 'sync-keys': {
      const commands = plan.handles.map((handle) => send(`syncKey ${handle} ${plan.server}`))
      return [...connect(spec), ...login(spec), ...onSource(commands), ...(plan.canary ? listKeys(plan.canary) : [])]
    }
    default:
      return plan satisfies never
  }
}

/** The dialogue as the bastion script reads it. */
export function dialogueText(lines: readonly Line[]): string {
  const text = lines.map((line) => {
    switch (line.do) {
      case 'send':
        return `send ${line.command}`
      case 'need':
        return `need ${line.pattern}`
      case 'mark':
        return `mark ${line.word}`
      case 'login':
        return 'login'
      default:
        return line satisfies never
    }
  })
  return `${text.join('\n')}\n`
}

/** The commands in the order they are sent: segment n+1 of the transcript is the answer to command n. */
export function commandsOf(lines: readonly Line[]): readonly string[] {
  return lines.flatMap((line) => (line.do === 'send' ? [line.command] : line.do === 'login' ? ['loginHSM'] : []))
}

/**
 * Nothing is sent before every server is connected and encrypted: CMU gives a prompt without, and may number the
 * servers anew. Then the HSM behind every number must be the expected one, the guard against a swapped direction
 *.
 */
function connect(spec: Spec): Line[] {
  const servers = serversOf(spec)
  return [
    ...servers.map(({ ip }) => need(`Connected to server '${literal(ip)}'`)),
    ...servers.map((_, number) => need(`E2E enabled on server ${number}\\(`)),
    ...servers.map((_, number) => send(`info server ${number}`)),
    ...servers.map(({ hsmId }, number) =>
      need(`^(.*>)?[[:space:]]*${number}[[:space:]].*[[:space:]]Connected[[:space:]]+${literal(hsmId)}([[:space:]]|$)`),
    ),
  ]
}

function login(spec: Spec): Line[] {
  const everywhere = serversOf(spec).map((_, number) => need(`loginHSM success on server ${number}\\(`))
  return [mark('login'), { do: 'login' }, ...everywhere]
}

function onSource(commands: readonly Line[]): Line[] {
  return [send('server 0'), need('Server is in|(^|[^a-z])server ?0 ?>'), mark('write'), ...commands, send('exit')]
}

function listKeys(hsm: ServerUsers, part?: ListingPart): Line[] {
  const owners = ownersIn(hsm, part)
  return owners.length === 0
    ? []
    : [send(enter(hsm.server)), ...owners.map((user) => send(findKeys(user.id))), send('exit')]
}

/** The crypto users of a server whose keys a step lists: all, or those of its part. */
export function ownersIn({ server, users }: ServerUsers, part: ListingPart | undefined): readonly HsmUser[] {
  const names = part && new Set(part.owners.find((owner) => owner.server === server)?.names)
  return users.filter(({ role, name }) => role === 'CU' && (names === undefined || names.has(name)))
}

export function enter(server: ServerNumber): string {
  return `server ${server}`
}

export function findKeys(userId: number): string {
  return `findAllKeys ${userId} 1`
}

function send(command: string): Line {
  return { do: 'send', command }
}

function need(pattern: string): Line {
  return { do: 'need', pattern }
}

function mark(word: Mark): Line {
  return { do: 'mark', word }
}

/** For an extended regular expression. */
function literal(text: string): string {
  return text.replace(/[.^$*+?()[\]{}|\\]/g, '\\$&')
}
