import type { Stage } from '../stage.ts'
import type { RequestDoc } from './records.ts'

/** Nothing is filed for another document than the settings make, and nothing is sent but in that one. */
export function judgeDocuments({ documents, ssm }: Stage, requests: readonly RequestDoc[]): string[] {
  if (!documents.isThere) return []
  const right = documents.rightHash()
  return [
    ...requests
      .filter(({ spec }) => spec.bastion.document?.hash !== right)
      .map(({ id }) => `${id} was filed for another document than the settings make`),
    ...ssm.commands
      .filter(({ document }) => document !== right)
      .map(({ commandId }) => `${commandId} was sent in another document, or in none`),
  ]
}
