import type { webApi } from '@slack/bolt'
import { webApi as slack } from '@slack/bolt'
import type { Message } from './views/blocks.ts'
import type { ThreadFile } from './views/picture.ts'

/** How a call to Slack did not work, as far as the caller must know. */
export class SlackProblem extends Error {
  /** Slack's own word, such as `channel_not_found`; `ratelimited`, `http_503`, or `unclear` when the call may have had its effect. */
  readonly code: string
  readonly retryAfterMs: number | undefined
  constructor(code: string, cause: unknown, retryAfterMs?: number) {
    super(`Slack: ${code}`, { cause })
    this.name = 'SlackProblem'
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** What marks a message as a slot of a request, so that it can be found again. */
export interface SlotMark {
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
    options: { readonly threadTs?: string; readonly mark?: SlotMark },
  ): Promise<string>
  update(channel: string, ts: string, message: Message, mark: SlotMark): Promise<void>
  whisper(channel: string, user: string, text: string): Promise<void>
  upload(channel: string, threadTs: string, file: ThreadFile): Promise<void>
  openView(triggerId: string, view: webApi.ViewsOpenArguments['view']): Promise<void>
  permalink(channel: string, ts: string): Promise<string | undefined>
  /** The ts of the message with this mark (or the file of this name), in a thread or at the channel's top. */
  find(
    place: { readonly channel: string; readonly threadTs?: string; readonly since: number },
    what: SlotMark | { readonly file: string },
  ): Promise<string | undefined>
}

export function slackWeb(client: webApi.WebClient): Web {
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
    upload: (channel, threadTs, file) => upload(client, { channel, threadTs, file }),
    openView: async (triggerId, view) => {
      await call(client.views.open({ trigger_id: triggerId, view }))
    },
    permalink: async (channel, ts) => {
      try {
        return (await call(client.chat.getPermalink({ channel, message_ts: ts }))).permalink
      } catch {
        return undefined // a link is a convenience: the id stands beside it
      }
    },
    find: (place, what) => find(client, place, what),
  }
}

/** Slack's three steps of an upload (files.getUploadURLExternal). */
async function upload(
  client: webApi.WebClient,
  { channel, threadTs, file }: { channel: string; threadTs: string; file: ThreadFile },
): Promise<void> {
  const bytes = Buffer.from(file.content, 'utf8')
  const { upload_url: url, file_id: id } = await call(
    client.files.getUploadURLExternal({ filename: file.name, length: bytes.length }),
  )
  if (!url || !id) throw new SlackProblem('unclear', 'files.getUploadURLExternal answered without a place')
  let sent: Response
  try {
    sent = await fetch(url, { method: 'POST', body: bytes, redirect: 'error', signal: AbortSignal.timeout(UPLOAD_MS) })
  } catch (error) {
    throw new SlackProblem('upload_failed', error) // nothing is shared yet
  }
  if (!sent.ok) throw new SlackProblem(`http_${sent.status}`, `upload of ${file.name}`)
  await call(
    client.files.completeUploadExternal({
      files: [{ id, title: file.title }],
      channel_id: channel,
      thread_ts: threadTs,
    }),
  )
}

async function find(
  client: webApi.WebClient,
  { channel, threadTs, since }: { channel: string; threadTs?: string; since: number },
  what: SlotMark | { file: string },
): Promise<string | undefined> {
  let cursor: string | undefined
  for (let page = 0; page < FIND_PAGES; page++) {
    const paging = { limit: 200, include_all_metadata: true, ...(cursor ? { cursor } : {}) }
    const oldest = String(Math.floor(since / 1000) - 60)
    const answer =
      threadTs === undefined
        ? await call(client.conversations.history({ channel, oldest, ...paging }))
        : await call(client.conversations.replies({ channel, ts: threadTs, ...paging }))
    const found = (answer.messages ?? []).find((message) => isIt(message, what))
    if (found?.ts) return found.ts
    cursor = answer.response_metadata?.next_cursor
    if (!cursor) return undefined
  }
  // Not found is not the same as not there: posting again would be a guess.
  throw new SlackProblem('unclear', `more than ${FIND_PAGES} pages to look through`)
}

function isIt(
  message: { metadata?: unknown; files?: { name?: string | null | undefined }[] | undefined },
  what: SlotMark | { file: string },
): boolean {
  if ('file' in what) return (message.files ?? []).some((file) => file.name === what.file)
  const metadata = message.metadata
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    !('event_type' in metadata) ||
    !('event_payload' in metadata)
  )
    return false
  const payload = metadata.event_payload
  if (metadata.event_type !== MARK_TYPE || typeof payload !== 'object' || payload === null) return false
  return 'request' in payload && payload.request === what.request && 'slot' in payload && payload.slot === what.slot
}

function marked(mark: SlotMark | undefined) {
  return mark === undefined ? {} : { metadata: { event_type: MARK_TYPE, event_payload: { ...mark } } }
}

async function call<Answer extends webApi.WebAPICallResult>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw problemOf(error)
  }
}

/** By the SDK's error classes, never by words. */
function problemOf(error: unknown): SlackProblem {
  if (error instanceof slack.WebAPIPlatformError) return new SlackProblem(error.data.error, error)
  if (error instanceof slack.WebAPIRateLimitedError)
    return new SlackProblem('ratelimited', error, error.retryAfter * 1000)
  if (error instanceof slack.WebAPIHTTPError)
    return new SlackProblem(error.statusCode >= 500 ? 'unclear' : `http_${error.statusCode}`, error)
  return new SlackProblem('unclear', error)
}
