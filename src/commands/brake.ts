import { userInfo } from 'node:os'
import { openBeside } from '../adapters/store/open-database.ts'
import { requestStore } from '../adapters/store/request-store.ts'
import { liftFreeze, setFreeze } from '../application/brake.ts'
import type { Clock } from '../application/ports.ts'
import { LONGEST_FREEZE_REASON } from '../domain/freeze.ts'
import { isRefusal, type RefusalFacts } from '../domain/refusal.ts'

const USAGE = `usage: node dist/main.js freeze <reason of ${LONGEST_FREEZE_REASON} characters at the most>
       node dist/main.js unfreeze`

/**
 * `freeze` and `unfreeze`: the brake, for whoever runs the bot, beside it or while it is down. Answers the exit code: 0
 * done, 1 so it was already, 2 wrong words.
 */
export async function brakeCommand(
  [verb, ...words]: readonly string[],
  databaseUrl: string,
  clock: Clock,
  print: (line: string) => void,
): Promise<number> {
  const reason = words.join(' ').trim()
  if (verb === 'freeze' ? reason === '' || reason.length > LONGEST_FREEZE_REASON : words.length > 0) {
    print(USAGE)
    return 2
  }
  const store = requestStore(await openBeside(databaseUrl, 'to write'))
  try {
    const by = `operator ${userName()}`
    const done = await insistently(clock, () =>
      verb === 'freeze' ? setFreeze({ store, clock }, { by, reason }) : liftFreeze({ store, clock }, by),
    )
    if (isRefusal(done)) {
      print(soAlready(done.refused))
      return 1
    }
    const freeze = `${done.by}, ${new Date(done.at).toISOString()}: ${done.reason}`
    print(verb === 'freeze' ? `frozen: ${freeze}` : `lifted what was frozen by ${freeze}`)
    return 0
  } finally {
    await store.close()
  }
}

function soAlready(refused: RefusalFacts): string {
  if (refused.code !== 'frozen-already') return 'nothing is frozen'
  const { by, at, reason } = refused.freeze
  return `frozen already, by ${by}, ${new Date(at).toISOString()}: ${reason}`
}

/** A container may run as a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'without a name'
  }
}

const TRIES = 5
const PAUSE_MS = 200

/** A running bot may have written to a SQLite file in the same moment: then nothing was done yet. */
async function insistently<Result>(clock: Clock, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === TRIES || !/locked|busy/i.test(String(error))) throw error
      await clock.sleep(PAUSE_MS)
    }
  }
}
