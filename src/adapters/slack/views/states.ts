import { provesUnchanged } from '../../../domain/evidence.ts'
import { refuse } from '../../../domain/refusal.ts'
import { type Changed, isFinished, type Request, type RequestState } from '../../../domain/request.ts'
import { explain } from './explain.ts'
import { plain } from './text.ts'

export interface Face {
  readonly icon: string
  readonly title: string
  /** What the state means for the HSMs, in one sentence. */
  readonly meaning: string
}

/** How each state looks. What a request's means: `meaningOf`. */
export const STATE_FACES: Readonly<Record<RequestState, Face>> = {
  pending: { icon: '🟡', title: 'Waiting for approval', meaning: 'Nothing has run.' },
  approved: { icon: '🔵', title: 'Approved', meaning: 'Nothing has run yet.' },
  running: { icon: '🔵', title: 'Running', meaning: 'Users and keys may be changing right now.' },
  rejected: { icon: '⛔', title: 'Rejected', meaning: 'Nothing has run.' },
  withdrawn: { icon: '⚪', title: 'Withdrawn', meaning: 'Nothing has run.' },
  expired: { icon: '⚪', title: 'Expired', meaning: 'Nothing has run.' },
  stale: { icon: '🟠', title: 'Stale', meaning: 'Nothing has run.' },
  succeeded: { icon: '✅', title: 'Succeeded', meaning: 'Everything asked for is listed on the destination now.' },
  partial: {
    icon: '🟠',
    title: 'Partly done',
    meaning: 'Some users or keys are not where they should be; all are named.',
  },
  failed: {
    icon: '🔴',
    title: 'Failed',
    meaning: 'The listings prove what was changed: nothing, or only what is named.',
  },
  unknown: { icon: '🟣', title: 'Unknown', meaning: 'I cannot tell what was changed: a person must look.' },
}

/** What is proved about the HSMs, in one sentence. */
export function meaningOf(request: Request): string {
  if (isFinished(request) && provesUnchanged(request.outcome.evidence)) return 'Nothing was changed.'
  return STATE_FACES[request.state].meaning
}

/** Why a request went stale, as a sentence or two. */
export function changedText({ changed, refused }: Changed): string {
  return refused ? explain(refuse(refused)) : `Changed: ${plain(changed.join('; '))}.`
}
