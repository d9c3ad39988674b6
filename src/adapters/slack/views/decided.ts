import type { Click } from '../../../application/decide-request.ts'
import { approvalsOf, type Request } from '../../../domain/request.ts'
import { STATE_FACES } from './states.ts'
import { code } from './text.ts'

/** What somebody who decided is told; where that was worked on again later, how the request stands by now. */
export function decidedText(request: Request, verdict: Click['verdict']): string {
  const id = code(request.id)
  const { state } = request
  const byNow = `By now it stands at *${STATE_FACES[state].title}*; the thread says what was done.`
  switch (verdict) {
    case 'approve': {
      const counts = `Your approval of ${id} counts: ${approvalsOf(request).length} of ${request.rule.required}.`
      if (state === 'pending') return counts
      return `${counts} ${state === 'approved' ? 'It is checked once more, and starts unless something holds it: the card says so.' : byNow}`
    }
    case 'reject':
      return `You rejected request ${id}. ${state === 'rejected' ? 'Nothing will run.' : byNow}`
    case 'withdraw':
      if (state === 'running')
        return `Request ${id} stops after the current batch. The thread will say exactly what was done.`
      return state === 'withdrawn'
        ? `Request ${id} is withdrawn. Nothing has run.`
        : `You asked request ${id} to stop. ${byNow}`
    default:
      return verdict satisfies never
  }
}
