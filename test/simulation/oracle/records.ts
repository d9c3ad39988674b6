import type { Stage } from '../stage.ts'

/** What the oracle reads of a stored request: only facts, and the claims that it checks. */
export interface RequestDoc {
  readonly id: string
  readonly state: string
  readonly requestedBy: string
  readonly isWatch?: true
  readonly askedIn?: string
  readonly requestedAt: number
  readonly expiresAt: number
  readonly approvedAt?: number
  readonly startedAt?: number
  readonly finishedAt?: number
  readonly reason: string
  readonly digest: string
  readonly spec: SpecDoc
  readonly decisions: readonly { readonly by: string; readonly verdict: string; readonly at: number }[]
  readonly outcome?: OutcomeDoc
}

export interface SpecDoc {
  readonly mode: string
  readonly engine: string
  readonly source: { readonly clusterId: string; readonly hsm: TargetDoc; readonly hsms?: readonly TargetDoc[] }
  readonly destination: {
    readonly clusterId: string
    readonly hsms: readonly TargetDoc[]
    readonly leftOut: readonly { readonly hsmId: string }[]
  }
  readonly scope: { readonly users: SelectionDoc; readonly keys: SelectionDoc }
  readonly baseConfig: string
  readonly bastion: { readonly document?: { readonly hash: string } }
  readonly programDigest?: string
}

export interface TargetDoc {
  readonly hsmId: string
  readonly ip: string
}

export interface SelectionDoc {
  readonly kind: string
  readonly items?: readonly (string | number)[]
}

export interface TallyDoc {
  readonly already: number
  readonly synced: number
  readonly failed: number
  readonly untried: number
  readonly conflicts: number
}

export interface OutcomeDoc {
  readonly state: string
  readonly proof: string
  readonly stop?: { readonly code: string; readonly detail: string }
  readonly withdrawn: boolean
  readonly frozen?: { readonly by: string; readonly at: number }
  readonly evidence: string
  readonly lastLogin?: string
  readonly destinations: readonly {
    readonly hsmId?: string
    readonly server: number
    readonly users: TallyDoc
    readonly keys: TallyDoc
  }[]
  readonly discrepancies: readonly {
    readonly kind: string
    readonly name: string
    readonly server?: number
    readonly why: string
    readonly problem: string
  }[]
  readonly comparison?: { readonly byMaterial: number; readonly byLabel: number }
}

export interface StepDoc {
  readonly n: number
  readonly plan: { readonly kind: string; readonly purpose?: string; readonly canary?: object }
  readonly plannedAt: number
  readonly commandId?: string
  readonly endedAt?: number
  readonly end?: { readonly kind: string }
  readonly finding?: { readonly evidence: string }
}

export interface AuditDoc {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly actor: string
  readonly request_id: string | null
  readonly facts: Readonly<Record<string, unknown>>
}

/** How the first line of a card must begin, by state. */
export const FACES: Readonly<Record<string, string>> = {
  pending: 'Waiting for approval',
  approved: 'Approved',
  running: 'Running',
  rejected: 'Rejected',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
  stale: 'Stale',
  succeeded: 'Succeeded',
  partial: 'Partly done',
  failed: 'Failed',
  unknown: 'Unknown',
}

/** States from which nothing leads on. */
export const ENDS: ReadonlySet<string> = new Set([
  'rejected',
  'withdrawn',
  'expired',
  'stale',
  'succeeded',
  'partial',
  'failed',
  'unknown',
])

export function requestsOf({ database }: Stage): readonly RequestDoc[] {
  return rowsOf(database.raw.prepare('select doc as text from requests order by requested_at').all())
}

export function stepsOf({ database }: Stage, id: string): readonly StepDoc[] {
  return rowsOf(database.raw.prepare('select doc as text from steps where request_id = ? order by n').all(id))
}

export function auditOf({ database }: Stage): readonly AuditDoc[] {
  const rows = database.raw
    .prepare(
      "select json_object('seq', seq, 'at', at, 'type', type, 'actor', actor, 'request_id', request_id, 'facts', json(facts)) as text from audit order by seq",
    )
    .all()
  return rowsOf(rows)
}

export function rowsOf<Doc>(rows: readonly unknown[]): Doc[] {
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null || !('text' in row)) throw new Error('not a row')
    return JSON.parse(String(row.text))
  })
}
