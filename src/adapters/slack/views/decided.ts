import type { Click } from '../../../application/decide-request.ts'
import { approvalsOf, type Request } from '../../../domain/request.ts'
import { code } from './text.ts'

/** What somebody who decided is told. */
export function decidedText(request: Request, verdict: Click['verdict']): string {
  const id = code(request.id)
  switch (verdict) {
    case 'approve': {
      const next = request.state === 'pending' ? '' : ' It runs now, after one more check.'
      return `Your approval of ${id} counts: ${approvalsOf(request).length} of ${request.rule.required}.${next}`
    }
    case 'reject':
      return `You rejected request ${id}. Nothing will run.`
    case 'withdraw':
      return request.state === 'running'
        ? `Request ${id} stops after the current batch. The thread will say exactly what was done.`
        : `Request ${id} is withdrawn. Nothing has run.`
    default:
      return verdict satisfies never
  }
}
