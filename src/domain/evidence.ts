/**
 * What is proved about what was sent to the HSMs, least first. `nothing-sent`: nothing that needs a login; at the most
 * the tool connected and asked what anybody may ask. Positive proof only: without a statement anything may have
 * happened.
 */
export type Evidence = 'nothing-sent' | 'only-reads-sent' | 'may-have-written'

/**
 * How far a session on the bastion came; recorded there before what it announces is sent (see `mark` in operation.sh).
 */
export type Mark = 'none' | 'login' | 'read' | 'write'

/** Who says so, about exactly one step. */
export type Statement =
  /** SSM refused SendCommand in so many words, or nothing to sign it with was there: the command never existed. */
  | { readonly by: 'ssm' }
  /** The bastion had not begun the operation, and never will. */
  | { readonly by: 'seal' }
  /** The bastion's own block for this operation. */
  | { readonly by: 'bastion'; readonly mark: Mark }

/**
 * The one place where it is decided what a step can have done. `canWrite`: is there a command among those we send that
 * writes?
 */
export function evidenceOf(step: { readonly canWrite: boolean }, statement: Statement | undefined): Evidence {
  if (statement && (statement.by !== 'bastion' || statement.mark === 'none')) return 'nothing-sent'
  // What we send in such a step holds no command that writes, however far it came.
  if (!step.canWrite) return 'only-reads-sent'
  return statement && statement.mark !== 'write' ? 'only-reads-sent' : 'may-have-written'
}

const ORDER: readonly Evidence[] = ['nothing-sent', 'only-reads-sent', 'may-have-written']

/**
 * What is proved about several steps together. None at all: nothing was sent, since each is stored before it is sent.
 */
export function together(evidences: readonly Evidence[]): Evidence {
  return ORDER[Math.max(0, ...evidences.map((evidence) => ORDER.indexOf(evidence)))] ?? 'may-have-written'
}

/** Is it proved that no user and no key was written? */
export function provesUnchanged(evidence: Evidence): boolean {
  return evidence !== 'may-have-written'
}
