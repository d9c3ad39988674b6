import type { Crowd } from '../crowd.ts'
import type { Stage } from '../stage.ts'
import { judgeOperations } from './operations.ts'
import { requestsOf } from './records.ts'

/** Everything that is claimed and not true. */
export async function judge(stage: Stage, crowd: Crowd): Promise<readonly string[]> {
  const requests = requestsOf(stage)
  void crowd
  return [...judgeOperations(stage, requests)]
}
