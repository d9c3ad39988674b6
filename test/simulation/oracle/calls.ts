import type { Stage } from '../stage.ts'

/** The most calls in a minute of virtual time, from what runs without a fault in the code were seen to need, and half as much again. */
const MOST: Readonly<Record<string, number>> = { store: 1_000, ssm: 200, aws: 60, slack: 120 }

/** No busy loop towards any port. */
export function judgeCalls({ calls }: Stage): string[] {
  return Object.entries(MOST).flatMap(([name, most]) => {
    const found = calls.most.get(name)
    return found && found.count > most ? [`${found.count} calls of ${name} in one minute, more than ${most}`] : []
  })
}
