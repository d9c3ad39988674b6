import type { SessionRecord } from '../simulator/bastion/sessions.ts'
import type { Simulator } from '../simulator/index.ts'

/** Every start of a tool on a bastion that could reach an HSM: not those that only ask for its version. */
export function toolSessions(simulator: Simulator): readonly SessionRecord[] {
  return simulator.sessions().filter(({ commands: [first] }) => first !== '--version')
}
