import { serverNumber } from '../../src/domain/ids.ts'
import type { HsmUser } from '../../src/domain/inventory.ts'
import { type Spec, serversOf } from '../../src/domain/spec.ts'
import type { StepPlan } from '../../src/domain/step.ts'
import { commandsOf, dialogueOf } from '../../src/engines/cmu/dialogue.ts'
import type { Printed } from '../../src/engines/printed.ts'
import { ADMIN, spec as exampleSpec, user } from '../fixtures/examples.ts'

const SEPARATOR = '\u001e'

export interface PrintedInventory {
  readonly spec: Spec
  readonly plan: StepPlan
  readonly printed: Printed
}

/**
 * What CMU prints in an inventory of a source and two destinations; the source has everything, the destinations half of
 * the keys.
 */
export function printedInventory(size: { readonly users: number; readonly keys: number }): PrintedInventory {
  const spec = exampleSpec()
  const owners = Array.from({ length: size.users }, (_, at) => user(`crypto_user${at + 1}`, { id: at + 3 }))
  const plan: StepPlan = {
    kind: 'inventory',
    purpose: 'before',
    users: serversOf(spec).map((_, at) => ({ server: serverNumber(at), users: [ADMIN, ...owners] })),
  }
  const commands = commandsOf(dialogueOf(spec, plan))
  let server = 0
  const answers = commands.map((command) => {
    const entered = /^server (\d+)$/.exec(command)?.[1]
    if (entered !== undefined) server = Number(entered)
    return answerTo(command, { spec, owners, server, keys: size.keys })
  })
  return {
    spec,
    plan,
    printed: {
      result: 'done',
      detail: '',
      seconds: 1,
      sent: commands.length,
      mark: 'read',
      text: ['connected\n', ...answers.map((answer) => `${answer}\naws-cloudhsm>`)].join(SEPARATOR),
    },
  }
}

interface Scene {
  readonly spec: Spec
  readonly owners: readonly HsmUser[]
  readonly server: number
  readonly keys: number
}

function answerTo(command: string, { spec, owners, server, keys }: Scene): string {
  if (command === 'listUsers')
    return serversOf(spec)
      .map((_, at) => userTable(at, owners))
      .join('\n')
  const asked = /^findAllKeys (\d+) 1$/.exec(command)?.[1]
  if (asked === undefined) return `${command} success`
  const held = server === 0 ? keys : Math.floor(keys / 2)
  const marks: string[] = []
  for (let key = 0; key < held; key++) {
    const owner = key % owners.length
    if (owners[owner]?.id === Number(asked)) marks.push(`${262_144 + key}(o)`)
    // Every fifth key is shared with its owner's neighbour.
    else if (key % 5 === 0 && owners[(owner + 1) % owners.length]?.id === Number(asked))
      marks.push(`${262_144 + key}(s)`)
  }
  return [
    `Keys on server ${server}(10.0.${server}.7):`,
    `Number of keys found ${marks.length}`,
    `number of keys matched from start index 0::${marks.length}`,
    marks.join(','),
    'Key Hash:',
    'ab'.repeat(32),
    `findAllKeys success on server ${server}(10.0.${server}.7)`,
  ].join('\n')
}

function userTable(server: number, owners: readonly HsmUser[]): string {
  const row = ({ id, name, role }: HsmUser) =>
    `         ${id}              ${role}              ${name}                  NO               0               NO`
  const users = [ADMIN, ...owners]
  return [
    `Users on server ${server}(10.0.${server}.7):`,
    `Number of users found:${users.length}`,
    '',
    '    User Id             User Type       User Name                          MofnPubKey    LoginFailureCnt         2FA',
    ...users.map(row),
  ].join('\n')
}
