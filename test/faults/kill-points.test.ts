import { describe, expect, it } from 'vitest'
import { newPostgres } from '../harness/shared-postgres.ts'
import { type KillPlan, killRun } from './kill-run.ts'

type Moment = readonly [string, Pick<KillPlan, 'at' | 'nth'>]
// The first SendCommand reads the base config, twice; the fifth carries users or the first key.
const STORED: Moment = [
  'a step that writes is stored, and was not sent yet',
  { at: /^before aws .*SendCommand$/, nth: 5 },
]
const SENT: Moment = ['a step was sent, and that is not stored yet', { at: /^after aws .*SendCommand$/, nth: 6 }]
const SHOWN: Moment = [
  'a message stands in Slack, and that is not stored yet',
  { at: /^after slack .*chat\.postMessage$/, nth: 3 },
]

/**
 * The real bot is killed with SIGKILL in a full sync and started again. The simulation stops it at every await, by the
 * thousand and in one process; here it is a process with a real database: what the operating system keeps of it and
 * what it takes back. So three kinds of moments, each tool and each database.
 */
describe.concurrent('killed and started again, the bot does what it would have done undisturbed', () => {
  describe.each([
    { engine: 'cmu', database: 'SQLite', newUrl: async () => undefined, moments: [STORED, SENT] },
    { engine: 'cloudhsm-cli', database: 'PostgreSQL', newUrl: newPostgres, moments: [SENT, SHOWN] },
  ] as const)('$engine on $database', ({ engine, newUrl, moments }) => {
    it.each(moments)('%s', { timeout: 300_000 }, async (_, moment) => {
      const databaseUrl = await newUrl()
      const run = await killRun({ ...moment, engine, ...(databaseUrl === undefined ? {} : { databaseUrl }) })
      expect(run.problems).toEqual([])
      expect(run.deaths).toEqual([expect.stringMatching(moment.at)])
      // Sent or not is what nobody knows after the second moment; then it is asked, and where that cannot tell, the
      // outcome is Unknown.
      if (run.state !== 'Unknown') expect(run).toMatchObject({ state: 'Succeeded', isWhole: true })
    })
  })
})
