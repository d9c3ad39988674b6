import type { Clock } from '../../../application/ports.ts'
import { GONE, isOfEverything, NO_THREAD, SlackProblem } from '../api/web.ts'
import { asText, type Message, withinLimits } from '../views/blocks.ts'

/** Slack's words for "not in this form". */
const NOT_SO: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
])
/** Slack brings new blocks out workspace by workspace: those it does not take today it may take tomorrow. */
const ASKED_AGAIN_MS = 24 * 60 * 60_000

/** The forms that a message can be sent in, and what the workspace is known not to take. */
export interface Forms {
  /**
   * Sends the message in the best form that Slack takes: with the newest blocks, with blocks, as bare text (badly set,
   * but said). Throws the SlackProblem that has nothing to do with the form.
   */
  send<Answer>(
    message: Message,
    post: (message: Message) => Promise<Answer>,
    onBareText: (code: string) => void,
  ): Promise<Answer>
}

/** `log`: the newest blocks were refused. Remembered for a day, so that it costs no call a message. */
export function messageForms(clock: Clock, log: (code: string) => void): Forms {
  let refusedUntil = 0
  const send: Forms['send'] = async (message, post, onBareText) => {
    const newest = newestOf(message)
    let refused: string | undefined
    if (newest && clock.now() >= refusedUntil) {
      try {
        return await post(newest)
      } catch (error) {
        refused = refusalOf(error)
      }
    }
    try {
      const answer = await post(withinLimits({ text: message.text, blocks: message.blocks }))
      // The same was taken without them: it was the blocks.
      if (refused !== undefined) {
        refusedUntil = clock.now() + ASKED_AGAIN_MS
        log(refused)
      }
      return answer
    } catch (error) {
      onBareText(formProblem(error))
      return await post(asText(message))
    }
  }
  return { send }
}

/** `undefined`: there are none, or not all of it would fit. */
export function newestOf({ text, newest }: Message): Message | undefined {
  if (!newest) return undefined
  const message = { text, blocks: newest }
  return withinLimits(message) === message ? message : undefined
}

/**
 * Slack's word for what it did not take. What it answers to blocks that a workspace lacks was never seen: any definite
 * refusal of this one message may be that. Rethrows every other.
 */
function refusalOf(error: unknown): string {
  if (!(error instanceof SlackProblem) || isOfEverything(error)) throw error
  const isOther = error.code === 'unclear' || GONE.has(error.code) || NO_THREAD.has(error.code)
  if (isOther || error.code.startsWith('http_')) throw error
  return error.code
}

/** Rethrows what has nothing to do with the form. */
function formProblem(error: unknown): string {
  if (error instanceof SlackProblem && NOT_SO.has(error.code)) return error.code
  throw error
}
