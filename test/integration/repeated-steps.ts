import type { Stage } from '../harness/stage.ts'

/**
 * The steps that SSM was sent more than once. The base config is read twice, when asked and before the run: that is no
 * step.
 */
export function repeatedSteps({ simulator }: Stage): string[] {
  const steps = simulator.aws
    .commands()
    .map(({ comment }) => comment)
    .filter((comment) => /^hsm-sync [0-9A-Z]+\.\d+ (inspect|inventory|sync-users|sync-keys)$/.test(comment))
  if (steps.length < 5) throw new Error(`a run has more steps than: ${steps.join(', ')}`)
  return steps.filter((step, index) => steps.indexOf(step) < index)
}
