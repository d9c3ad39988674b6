import { verifyChain } from '../../../src/adapters/store/audit-chain.ts'
import type { Stage } from '../stage.ts'
import { type AuditDoc, auditOf, ENDS, type RequestDoc } from './records.ts'

/** The chain verifies, and every effect has its row. */
export async function judgeAudit(stage: Stage, requests: readonly RequestDoc[]): Promise<string[]> {
  const violations: string[] = []
  const { broken } = await verifyChain(stage.database.db)
  if (broken) violations.push(`the audit chain breaks at row ${broken.seq}: ${broken.problem}`)
  const rows = auditOf(stage)
  for (const request of requests) {
    const own = rows.filter(({ request_id: id }) => id === request.id)
    violations.push(...judgeRows(request, own).map((problem) => `the record of ${request.id} ${problem}`))
  }
  const recorded = new Set(rows.flatMap(({ type, facts }) => (type.startsWith('ssm-') ? [facts.operation] : [])))
  for (const { did, operation } of stage.hsms.deeds)
    if (did === 'start' && !recorded.has(operation) && !stage.broken.has(operation?.split('.')[0] ?? ''))
      violations.push(`the record has no command for ${operation}, whose tool was started`)
  return [...violations, ...unrecorded(stage, rows)]
}

/**
 * Commands without their row. A look-up is announced before it is sent, whatever happens then; its id is lost where the
 * process or the database is.
 */
function unrecorded({ weather, ssm, storeFault }: Stage, rows: readonly AuditDoc[]): string[] {
  // Where a process crashes it may never have heard of a command that it sent.
  const mayCrash = weather.faults.has('crash') || weather.faults.has('night')
  const known = new Set(rows.map(({ facts }) => facts.commandId))
  const announced = new Set(
    rows.flatMap(({ type, facts }) => (type === 'ssm-intent' ? [`hsm-sync ${facts.operation} ${facts.about}`] : [])),
  )
  return ssm.commands.flatMap(({ commandId, comment, isTold }) => {
    if (known.has(commandId)) return []
    const isLookUp = / (read-config|fetch \d+)$/.test(comment)
    if (isLookUp && !announced.has(comment))
      return [`the record does not announce the command ${commandId} (${comment})`]
    // Its operation has a row in any case (above): what can be lost is the id that SSM gave it.
    const isLost = mayCrash || storeFault.isThere
    return isTold && !isLost ? [`the record has no row for the command ${commandId} (${comment})`] : []
  })
}

function judgeRows(request: RequestDoc, rows: readonly AuditDoc[]): string[] {
  const problems: string[] = []
  const count = (type: string) => rows.filter((row) => row.type === type).length
  if (count('requested') !== 1) problems.push(`has ${count('requested')} rows of its beginning`)
  if (ENDS.has(request.state) && count(request.state) < 1) problems.push(`does not say that it is ${request.state}`)
  if (count('abandoned') > 0) problems.push('says that it was put away, and it can be read')
  for (const { by, verdict } of request.decisions) {
    const type = verdict === 'approve' ? 'approved' : 'rejected'
    if (!rows.some((row) => row.type === type && row.actor === by)) problems.push(`lacks that ${by} ${type} it`)
  }
  if (request.startedAt !== undefined && request.outcome?.stop?.code !== 'could-not-check' && count('running') !== 1)
    problems.push(`has ${count('running')} rows of its start`)
  return problems
}
