import type { Deps, Instance, Invocation } from './ports.ts'

/** Delivery to the bastion; SSM's smallest is 30 s. */
export const DELIVERY_SECONDS = 120

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000
const INVISIBLE_LIMIT_MS = 60_000
const MARGIN_MS = 30_000

export type CommandEnd = Extract<Invocation, { kind: 'ended' }> | { readonly kind: 'gave-up'; readonly problem: string }

/**
 * Follows one SSM command to its end: soon at first, then every few seconds. Gives up when SSM does not know the
 * command for a minute, when its own time limits have long passed, or when aborted; neither that nor any status proves
 * anything about the command.
 */
export async function awaitCommand(
  { bastions, clock, log }: Pick<Deps, 'bastions' | 'clock' | 'log'>,
  bastion: Instance,
  command: { readonly commandId: string; readonly executionSeconds: number; readonly signal: AbortSignal | undefined },
): Promise<CommandEnd> {
  const { commandId, signal } = command
  const started = clock.now()
  const deadline = started + (DELIVERY_SECONDS + command.executionSeconds) * 1000 + MARGIN_MS
  let pause = FIRST_PAUSE_MS
  let seen = false
  let problem = 'no answer from SSM'
  while (clock.now() < deadline) {
    await clock.sleep(pause, signal)
    if (signal?.aborted) return { kind: 'gave-up', problem: 'stopped' }
    pause = Math.min(pause * 1.4, LONGEST_PAUSE_MS)
    const now = await bastions.look(bastion, commandId)
    if (now.kind === 'ended') {
      log.info({ bastion: bastion.name, commandId, status: now.status }, 'ssm command ended')
      return now
    }
    if (now.kind === 'waiting') seen = true
    if (now.kind === 'unreachable') problem = now.problem
    if (now.kind === 'invisible' && !seen && clock.now() - started > INVISIBLE_LIMIT_MS) {
      return { kind: 'gave-up', problem: 'SSM does not know the command' }
    }
  }
  return { kind: 'gave-up', problem }
}
