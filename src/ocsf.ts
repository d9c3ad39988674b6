import type { ExportedRow } from './adapters/store/audit-chain.ts'
import type { AuditType } from './application/store.ts'

// The two classes as https://schema.ocsf.io/1.5.0/classes/entity_management and …/api_activity have them.
const VERSION = '1.5.0'
const ENTITY_MANAGEMENT = {
  class_uid: 3004,
  class_name: 'Entity Management',
  category_uid: 3,
  category_name: 'Identity & Access Management',
} as const
const API_ACTIVITY = {
  class_uid: 6003,
  class_name: 'API Activity',
  category_uid: 6,
  category_name: 'Application Activity',
} as const

const ACTIVITIES = { Create: 1, Read: 2, Update: 3, Other: 99 } as const
const SEVERITIES = { Unknown: 0, Informational: 1, Low: 2, Medium: 3, High: 4 } as const
const STATUSES = { Unknown: 0, Success: 1, Failure: 2, Other: 99 } as const

const PRODUCT = 'HSM Sync'
const REQUEST = 'HSM Sync request'

interface Kind {
  readonly of: typeof ENTITY_MANAGEMENT | typeof API_ACTIVITY
  readonly activity: keyof typeof ACTIVITIES
  readonly severity: keyof typeof SEVERITIES
  /** Absent where the row does not say how it went. */
  readonly status?: keyof typeof STATUSES
}

const DECIDED: Kind = { of: ENTITY_MANAGEMENT, activity: 'Update', severity: 'Informational', status: 'Success' }
const SENT: Kind = { of: API_ACTIVITY, activity: 'Other', severity: 'Informational' }

/** Asks and decisions are changes of a request, a managed entity; what the bot does by itself is API activity. */
const KINDS: Readonly<Record<AuditType, Kind>> = {
  requested: { ...DECIDED, activity: 'Create' },
  'refused-ask': { ...DECIDED, activity: 'Create', severity: 'Low', status: 'Failure' },
  'refused-click': { ...DECIDED, severity: 'Low', status: 'Failure' },
  pending: DECIDED,
  approved: DECIDED,
  rejected: DECIDED,
  withdrawn: DECIDED,
  expired: DECIDED,
  stale: { ...DECIDED, severity: 'Low' },
  abandoned: { ...DECIDED, severity: 'High' },
  reminded: SENT,
  settings: { ...SENT, activity: 'Update', status: 'Success' },
  'ssm-intent': SENT,
  'ssm-read': { ...SENT, activity: 'Read' },
  'ssm-write': { ...SENT, activity: 'Update' },
  running: SENT,
  held: SENT,
  braked: { ...SENT, severity: 'Medium' },
  frozen: { ...DECIDED, severity: 'Medium' },
  unfrozen: DECIDED,
  'watch-paused': { ...SENT, severity: 'Medium' },
  'watch-resumed': DECIDED,
  halted: { ...SENT, severity: 'Medium' },
  'looked-for-joined': { ...SENT, activity: 'Read' },
  succeeded: { ...SENT, status: 'Success' },
  partial: { ...SENT, severity: 'Medium', status: 'Other' },
  failed: { ...SENT, severity: 'Medium', status: 'Failure' },
  unknown: { ...SENT, severity: 'High', status: 'Unknown' },
}
const KIND_OF = new Map<string, Kind>(Object.entries(KINDS))
/** Rows that another version wrote. */
const UNHEARD_OF: Kind = { of: API_ACTIVITY, activity: 'Other', severity: 'Unknown' }

/** A row of the record as an OCSF event; the whole row stands in `unmapped`. Total: no row is left out. */
export function ocsfEvent(row: ExportedRow): object {
  const { of, activity, severity, status } = KIND_OF.get(row.type) ?? UNHEARD_OF
  const activityName = activity === 'Other' ? row.type : activity
  const { rule } = row.facts
  return {
    ...of,
    activity_id: ACTIVITIES[activity],
    activity_name: activityName,
    type_uid: of.class_uid * 100 + ACTIVITIES[activity],
    type_name: `${of.class_name}: ${activity}`,
    severity_id: SEVERITIES[severity],
    severity,
    ...(status ? { status_id: STATUSES[status], status: status === 'Other' ? row.type : status } : {}),
    ...(typeof rule === 'string' ? { status_code: rule } : {}),
    time: row.at,
    message: `${row.type}${row.request_id === null ? '' : ` ${row.request_id}`} by ${row.actor}`,
    metadata: metadataOf(row),
    actor: actorOf(row),
    ...(of === ENTITY_MANAGEMENT ? entityOf(row) : callOf(row)),
    unmapped: row,
  }
}

function metadataOf({ seq, hash, type, request_id }: ExportedRow) {
  return {
    version: VERSION,
    product: { name: PRODUCT, vendor_name: PRODUCT },
    log_name: 'audit',
    event_code: type,
    uid: hash,
    sequence: seq,
    ...(request_id === null ? {} : { correlation_uid: request_id }),
  }
}

/** A person by their id in Slack; else the bot itself. */
function actorOf({ actor }: ExportedRow) {
  return { app_name: PRODUCT, ...(actor === 'bot' ? {} : { user: { uid: actor, type_id: 1, type: 'User' } }) }
}

/** What was refused may have no id. */
function entityOf({ request_id, facts: { reason } }: ExportedRow) {
  return {
    entity: { name: REQUEST, type_id: 99, type: REQUEST, ...(request_id === null ? {} : { uid: request_id }) },
    ...(typeof reason === 'string' ? { comment: reason } : {}),
  }
}

function callOf({ type, request_id, facts: { commandId } }: ExportedRow) {
  const resources = [
    ...(request_id === null ? [] : [{ uid: request_id, type: REQUEST }]),
    ...(typeof commandId === 'string' ? [{ uid: commandId, type: 'SSM command' }] : []),
  ]
  return {
    api: type.startsWith('ssm-')
      ? { operation: 'SendCommand', service: { name: 'ssm.amazonaws.com' } }
      : { operation: type, service: { name: PRODUCT } },
    src_endpoint: { name: PRODUCT },
    ...(resources.length > 0 ? { resources } : {}),
  }
}
