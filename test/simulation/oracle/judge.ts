import type { Crowd } from '../crowd.ts'
import type { Stage } from '../stage.ts'
import type { Visitors } from '../visitors.ts'
import { judgeApprovals } from './approvals.ts'
import { judgeAudit } from './audit.ts'
import { judgeBrake } from './brake.ts'
import { judgeDeliveries } from './deliveries.ts'
import { judgeDocuments } from './documents.ts'
import { judgeForms } from './forms.ts'
import { judgeHomes } from './homes.ts'
import { judgeOperations } from './operations.ts'
import { judgeOutcomes } from './outcomes.ts'
import { judgePlatforms } from './platforms.ts'
import { requestsOf } from './records.ts'
import { judgeSlack } from './slack.ts'
import { judgeLostLogins, judgeWatch } from './watch.ts'

/**
 * Everything that is claimed and not true. The oracle knows the HSMs, the bastion, Slack and what people did; it uses
 * none of the product's own judgement.
 */
export async function judge(
  stage: Stage,
  { crowd, visitors }: { readonly crowd: Crowd; readonly visitors: Visitors },
): Promise<readonly string[]> {
  // Of what was stored and broken afterwards nothing can be read, by the bot neither: that it holds up nobody is seen
  // at the end of the run.
  const all = requestsOf(stage)
  const requests = all.filter(({ id }) => !stage.broken.has(id))
  return [
    ...judgeOperations(stage, requests),
    ...judgeApprovals(stage, crowd, requests),
    ...judgeOutcomes(stage, requests),
    ...judgeBrake(stage, requests),
    ...judgeDocuments(stage, requests),
    ...judgePlatforms(stage),
    ...judgeWatch(stage, visitors, requests),
    ...judgeLostLogins(stage, all),
    ...judgeHomes(stage, all),
    ...judgeForms(stage, visitors),
    ...judgeSlack(stage, requests),
    ...judgeDeliveries(stage, crowd),
    ...(await judgeAudit(stage, requests)),
  ]
}
