import type { SeenStep } from '../../../application/run-view.ts'
import type { Diff } from '../../../domain/diff.ts'
import type { Request } from '../../../domain/request.ts'
import { isWrite } from '../../../domain/step.ts'
import { duration } from './text.ts'

const BAR = 20

/**
 * Users and keys so far, with a bar and, while keys are copied, an estimate for those not tried yet; `undefined` before
 * the first write.
 */
export function progressText(
  diff: Diff,
  { request, steps }: { readonly request: Pick<Request, 'state'>; readonly steps: readonly SeenStep[] },
): string | undefined {
  const writes = steps.filter(({ plan }) => isWrite(plan))
  if (writes.length === 0) return undefined
  const users = { all: diff.users.reduce((sum, part) => sum + part.missing.length, 0), done: 0 }
  const keys = { all: diff.keys.missing.length, done: 0, tried: 0 }
  let perKey = 0
  for (const { reading, plan, seconds } of writes) {
    if (reading?.kind === 'users-synced') users.done += copied(reading)
    if (reading?.kind === 'keys-synced') {
      keys.done += copied(reading)
      const tried = reading.attempts.filter((attempt) => attempt.verdict !== 'untried').length
      keys.tried += tried
      if (plan.kind === 'sync-keys' && !plan.canary) perKey = (seconds ?? 0) / Math.max(1, tried)
    }
  }
  const isCopying = request.state === 'running' && writes.at(-1) === steps.at(-1)
  const left = isCopying ? (keys.all - keys.tried) * perKey : 0
  const eta = left >= 1 ? ` · about ${duration(left * 1000)} left` : ''
  const lines = [
    ...(users.all > 0 ? [`users ${bar(users)} ${users.done}/${users.all}`] : []),
    ...(keys.all > 0 ? [`keys  ${bar(keys)} ${keys.done}/${keys.all}${eta}`] : []),
  ]
  return lines.join('\n')
}

function copied({ attempts }: { readonly attempts: readonly { readonly verdict: string }[] }): number {
  return attempts.filter((attempt) => attempt.verdict === 'success').length
}

function bar({ done, all }: { readonly done: number; readonly all: number }): string {
  const full = all === 0 ? BAR : Math.min(BAR, Math.floor((done / all) * BAR))
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
}
