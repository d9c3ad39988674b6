import { setTimeout as wait } from 'node:timers/promises'
import { type Stage, type StageOptions, startStage } from '../harness/stage.ts'

/** Plays on a stage of its own and clears it away, whatever happens; rejects when it takes longer than `ms`. */
export async function onStage<Result>(
  ms: number,
  options: StageOptions,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const stage = await startStage(options)
  const late = new AbortController()
  try {
    return await Promise.race([
      play(stage),
      wait(ms, undefined, { signal: late.signal }).then(() => {
        throw new Error(`not done after ${ms / 1000} s; the bot's log ends with:\n${stage.bot.log().slice(-3000)}`)
      }),
    ])
  } finally {
    late.abort()
    await stage.stop()
  }
}
