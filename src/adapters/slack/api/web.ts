import type { webApi } from '@slack/bolt'
import { webApi as slack } from '@slack/bolt'
import { z } from 'zod'
import { direct, type Network } from '../../network.ts'
import type { Message } from '../views/blocks.ts'
import type { ThreadFile } from '../views/thread.ts'
import type { Identity, WhoAmI } from './identity.ts'

/** How a call to Slack did not work, as far as the caller must know. */
export class SlackProblem extends Error {
  /**
   * Slack's own word, such as `channel_not_found`; `ratelimited`, `http_503`, or `unclear` when the call may have had
   * its effect.
   */
  readonly code: string
  readonly retryAfterMs: number | undefined
  constructor(code: string, cause: unknown, retryAfterMs?: number) {
    super(`Slack: ${code}`, { cause })
    this.name = 'SlackProblem'
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** Refusals that meet every further call, wherever it goes, and do not end soon. */
const OF_THE_BOT: ReadonlySet<string> = new Set([
  'ratelimited',
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
])
/** The same for every further call in one channel. */
const OF_THE_CHANNEL: ReadonlySet<string> = new Set(['channel_not_found', 'not_in_channel', 'is_archived'])

/** Slack's words for "this message can no longer be changed". */
export const GONE: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
/** Slack's words for "there is no such thread": the card that it hung on is gone. */
export const NO_THREAD: ReadonlySet<string> = new Set(['thread_not_found', 'invalid_thread_ts'])

export function isOfTheBot({ code }: SlackProblem): boolean {
  return OF_THE_BOT.has(code)
}

export function isOfEverything(problem: SlackProblem): boolean {
  return isOfTheBot(problem) || OF_THE_CHANNEL.has(problem.code)
}

/** What marks a message as a slot of a request, so that it can be found again. */
export interface MessageMark {
  readonly request: string
  readonly slot: string
}

const MARK_TYPE = 'hsm_sync'
const QUIET = { unfurl_links: false, unfurl_media: false } as const
const UPLOAD_MS = 15_000
const FIND_PAGES = 25

/** The few things the bot does with messages. Every method throws SlackProblem. */
export interface Web {
  post(
    channel: string,
    message: Message,
    options: { readonly threadTs?: string; readonly mark?: MessageMark },
  ): Promise<string>
  update(channel: string, ts: string, message: Message, mark: MessageMark): Promise<void>
  whisper(channel: string, user: string, text: string): Promise<void>
  /** `keep` is called before each of its calls, and may throw: more than one fits into no lease. */
  upload(channel: string, threadTs: string, file: ThreadFile, keep: () => Promise<void>): Promise<void>
  /** Answers the id of the opened view. */
  openView(triggerId: string, view: webApi.ViewsOpenArguments['view']): Promise<string | undefined>
  /** What somebody has typed stays, where its block and input keep their names. */
  updateView(id: string, view: webApi.ViewsOpenArguments['view']): Promise<void>
  /** Puts this on a person's home tab. */
  publishHome(user: string, view: webApi.ViewsPublishArguments['view']): Promise<void>
  permalink(channel: string, ts: string): Promise<string | undefined>
  /**
   * The ts of the bot's own message with this mark (or its own file of this name), in a thread or at the channel's top.
   * `keep` as in `upload`.
   */
  find(
    place: MessageLocation,
    what: MessageMark | { readonly file: string },
    keep: () => Promise<void>,
  ): Promise<string | undefined>
}

export interface MessageLocation {
  readonly channel: string
  readonly threadTs?: string
  readonly since: number
}

export function slackWeb(client: webApi.WebClient, whoAmI: WhoAmI, { fetch }: Pick<Network, 'fetch'> = direct): Web {
  return {
    post: async (channel, { text, blocks }, { threadTs, mark }) => {
      const thread = threadTs === undefined ? {} : { thread_ts: threadTs }
      const posted = await call(
        client.chat.postMessage({ channel, text, blocks, ...thread, ...marked(mark), ...QUIET }),
      )
      if (!posted.ts) throw new SlackProblem('unclear', 'chat.postMessage answered without ts')
      return posted.ts
    },
    // chat.update takes at most 4,000 characters of text (Slack, chat.update).
    update: async (channel, ts, { text, blocks }, mark) => {
      await call(client.chat.update({ channel, ts, text: text.slice(0, 3900), blocks, ...marked(mark) }))
    },
    whisper: async (channel, user, text) => {
      await call(client.chat.postEphemeral({ channel, user, text }))
    },
    upload: (channel, threadTs, file, keep) => upload({ client, fetch }, { channel, threadTs, file, keep }),
    openView: async (triggerId, view) => {
      return (await call(client.views.open({ trigger_id: triggerId, view }))).view?.id
    },
    updateView: async (id, view) => {
      await call(client.views.update({ view_id: id, view }))
    },
    publishHome: async (user, view) => {
      await call(client.views.publish({ user_id: user, view }))
    },
    permalink: async (channel, ts) => {
      try {
        return (await call(client.chat.getPermalink({ channel, message_ts: ts }))).permalink
      } catch {
        return undefined // a link is a convenience: the id stands beside it
      }
    },
    find: (place, what, keep) => find({ client, whoAmI, keep }, place, what),
  }
}

/** Slack's three steps of an upload (files.getUploadURLExternal). Before the last one nothing is shared. */
async function upload(
  { client, fetch }: { client: webApi.WebClient; fetch: Network['fetch'] },
  { channel, threadTs, file, keep }: { channel: string; threadTs: string; file: ThreadFile; keep: () => Promise<void> },
): Promise<void> {
  const bytes = Buffer.from(file.content, 'utf8')
  await keep()
  const { upload_url: url, file_id: id } = await call(
    client.files.getUploadURLExternal({ filename: file.name, length: bytes.length }),
  ).catch((error: unknown) => {
    throw error instanceof SlackProblem && error.code === 'unclear' ? new SlackProblem('upload_failed', error) : error
  })
  if (!url || !id) throw new SlackProblem('upload_failed', 'files.getUploadURLExternal answered without a place')
  await keep()
  let sent: Response
  try {
    sent = await fetch(url, { method: 'POST', body: bytes, redirect: 'error', signal: AbortSignal.timeout(UPLOAD_MS) })
  } catch (error) {
    throw new SlackProblem('upload_failed', error)
  }
  if (!sent.ok) throw new SlackProblem('upload_failed', `the upload of ${file.name} was answered with ${sent.status}`)
  await keep()
  await call(
    client.files.completeUploadExternal({
      files: [{ id, title: file.title }],
      channel_id: channel,
      thread_ts: threadTs,
    }),
  )
}

async function find(
  { client, whoAmI, keep }: { client: webApi.WebClient; whoAmI: WhoAmI; keep: () => Promise<void> },
  { channel, threadTs, since }: MessageLocation,
  what: MessageMark | { file: string },
): Promise<string | undefined> {
  const self = await call(whoAmI())
  let cursor: string | undefined
  for (let page = 0; page < FIND_PAGES; page++) {
    await keep()
    const paging = { limit: 200, include_all_metadata: true, ...(cursor ? { cursor } : {}) }
    const oldest = String(Math.floor(since / 1000) - 60)
    const answer =
      threadTs === undefined
        ? await call(client.conversations.history({ channel, oldest, ...paging }))
        : await call(client.conversations.replies({ channel, ts: threadTs, ...paging }))
    const found = (answer.messages ?? []).find((message) => isBy(self, message) && isIt(message, what))
    if (found?.ts) return found.ts
    cursor = answer.response_metadata?.next_cursor
    if (!cursor) return undefined
  }
  // Not found is not the same as not there: posting again would be a guess.
  throw new SlackProblem('unclear', `more than ${FIND_PAGES} pages to look through`)
}

const Author = z.object({ user: z.string().optional(), bot_id: z.string().optional() })

/**
 * Anybody may write a message of our form, and an app may copy its metadata: only what names us as its author, by user
 * or as a bot, and nobody else, is ours.
 */
function isBy({ userId, botId }: Identity, message: unknown): boolean {
  const { user, bot_id: bot } = Author.safeParse(message).data ?? {}
  const named = [
    [user, userId],
    [bot, botId],
  ].filter(([theirs, ours]) => theirs !== undefined && ours !== undefined)
  return named.length > 0 && named.every(([theirs, ours]) => theirs === ours)
}

const Marked = z.object({
  metadata: z.object({
    event_type: z.literal(MARK_TYPE),
    event_payload: z.object({ request: z.string(), slot: z.string() }),
  }),
})

function isIt(
  message: { files?: { name?: string | null | undefined }[] | undefined },
  what: MessageMark | { file: string },
): boolean {
  if ('file' in what) return (message.files ?? []).some((file) => file.name === what.file)
  const mark = Marked.safeParse(message).data?.metadata.event_payload
  return mark !== undefined && mark.request === what.request && mark.slot === what.slot
}

function marked(mark: MessageMark | undefined) {
  return mark === undefined ? {} : { metadata: { event_type: MARK_TYPE, event_payload: { ...mark } } }
}

async function call<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw problemOf(error)
  }
}

/** By Slack's own reference, some of the operation may have succeeded before these. */
const MAY_HAVE_WORKED: ReadonlySet<string> = new Set(['internal_error', 'fatal_error'])

/** By the SDK's error classes, never by words. */
export function problemOf(error: unknown): SlackProblem {
  if (error instanceof SlackProblem) return error
  if (error instanceof slack.WebAPIPlatformError)
    return new SlackProblem(MAY_HAVE_WORKED.has(error.data.error) ? 'unclear' : error.data.error, error)
  if (error instanceof slack.WebAPIRateLimitedError)
    return new SlackProblem('ratelimited', error, error.retryAfter * 1000)
  if (error instanceof slack.WebAPIHTTPError)
    return new SlackProblem(error.statusCode >= 500 ? 'unclear' : `http_${error.statusCode}`, error)
  return new SlackProblem('unclear', error)
}
