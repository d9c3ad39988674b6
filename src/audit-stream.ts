import type { ExportedRow } from './adapters/store/audit-chain.ts'
import { describeError, type Log } from './log.ts'

/**
 * Prints each row of the record as `audit export` does, with a mark that no line of the log has. A line that cannot be
 * written is told in the log: the change that it records is committed, and the export has the row.
 */
export function auditStream(print: (line: string) => void, log: Log): (row: ExportedRow) => void {
  return (row) => {
    try {
      print(JSON.stringify({ stream: 'audit', ...row }))
    } catch (error) {
      log.error({ auditSeq: row.seq, error: describeError(error) }, 'a row of the record could not be streamed')
    }
  }
}
