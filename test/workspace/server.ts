import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Stage } from '../harness/stage.ts'
import { close, listen, readBody } from '../simulator/http.ts'
import { parseJson } from '../simulator/json.ts'
import type { Levers } from './levers.ts'
import type { Deed } from './seen.ts'
import { type Menu, seenBy } from './seen-by.ts'

/** How often it is looked whether a person sees something else now. */
const LOOK_MS = 100

export interface Page {
  readonly html: string
  readonly script: string
  readonly style: string
}

interface Place {
  readonly stage: Stage
  readonly levers: Levers
  readonly menu: Menu
}

export interface WorkspaceServer {
  readonly url: string
  stop(): Promise<void>
}

/** Serves the page, what each person sees, and takes what they do; on 127.0.0.1 only, and to itself only. */
export async function serveWorkspace(place: Place, page: Page, port = 0): Promise<WorkspaceServer> {
  const stopping = new AbortController()
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    answer({ place, page, request, response, signal: stopping.signal })
  const { server, origin } = await listen(handle, (problem) => console.error(problem), port)
  return {
    url: origin,
    stop: async () => {
      stopping.abort()
      await close(server)
    },
  }
}

interface Call {
  readonly place: Place
  readonly page: Page
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly signal: AbortSignal
}

async function answer({ place, page, request, response, signal }: Call): Promise<void> {
  // Another page in the same browser must not play here, whatever name it gives this address.
  const host = request.headers.host ?? ''
  if (!/^(127\.0\.0\.1|localhost):\d+$/.test(host)) return reply(response, 403, { problem: 'not under this name' })
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${host}`)
  const route = `${request.method} ${pathname}`
  if (route === 'GET /') return send(response, 'text/html; charset=utf-8', page.html)
  if (route === 'GET /page.js') return send(response, 'text/javascript; charset=utf-8', page.script)
  if (route === 'GET /page.css') return send(response, 'text/css; charset=utf-8', page.style)
  if (route === 'GET /seen') return watch(place, { response, userId: searchParams.get('as') ?? '', signal })
  if (route !== 'POST /do') return reply(response, 404, { problem: 'there is nothing' })
  if (request.headers.origin !== `http://${host}`) return reply(response, 403, { problem: 'not from another page' })
  const parsed = Doing.safeParse(parseJson((await readBody(request)).toString('utf8')))
  if (!parsed.success) return reply(response, 400, { problem: z.prettifyError(parsed.error) })
  const { as, deed } = parsed.data
  try {
    await act(place, as, deed)
    return reply(response, 200, {})
  } catch (error) {
    return reply(response, 409, { problem: error instanceof Error ? error.message : String(error) })
  }
}

const Doing = z.object({
  as: z.string(),
  deed: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('type'), channel: z.string(), text: z.string() }),
    z.object({ kind: z.literal('click'), channel: z.string(), ts: z.string(), action: z.string() }),
    z.object({
      kind: z.literal('submit'),
      view: z.string(),
      values: z.record(z.string(), z.record(z.string(), z.string())),
    }),
    z.object({ kind: z.literal('choose'), view: z.string(), action: z.string(), value: z.string() }),
    z.object({ kind: z.literal('close'), view: z.string() }),
    z.object({ kind: z.literal('shortcut'), callbackId: z.string() }),
    z.object({ kind: z.literal('home') }),
    z.object({ kind: z.literal('lever'), name: z.string() }),
  ]),
})

async function act({ stage, levers }: Place, as: string, deed: Deed): Promise<void> {
  const { slack } = stage.simulator
  const viewOf = (id: string) => {
    const view = slack.views(as).find((one) => one.id === id)
    if (!view) throw new Error('this window is gone')
    return view
  }
  switch (deed.kind) {
    case 'type': {
      const [command = '', ...words] = deed.text.trim().split(' ')
      if (!command.startsWith('/')) throw new Error('Only slash commands are played here: type / to see them.')
      await slack.command(as, deed.channel, command, words.join(' '))
      return
    }
    case 'click':
      await slack.click(as, { channel: deed.channel, ts: deed.ts }, deed.action)
      return
    case 'submit':
      await slack.submitView(as, viewOf(deed.view), deed.values)
      return
    case 'choose':
      await slack.chooseInView(as, viewOf(deed.view), deed.action, deed.value)
      return
    case 'close':
      viewOf(deed.view).state = 'closed'
      return
    case 'shortcut':
      await slack.shortcut(as, deed.callbackId)
      return
    case 'home':
      await slack.event({
        type: 'app_home_opened',
        user: as,
        channel: `D${as.slice(1)}`,
        tab: 'home',
        event_ts: `${Date.now() / 1000}`,
      })
      return
    case 'lever':
      await levers.pull(deed.name)
      return
    default:
      return deed satisfies never
  }
}

/** Server-sent events: what the person sees, whenever it is something else. */
async function watch(
  place: Place,
  {
    response,
    userId,
    signal,
  }: { readonly response: ServerResponse; readonly userId: string; readonly signal: AbortSignal },
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let last = ''
  while (!signal.aborted && !response.destroyed && !response.writableEnded) {
    const now = JSON.stringify(seenBy(userId, place))
    if (now !== last) response.write(`data: ${now}\n\n`)
    last = now
    await wait(LOOK_MS)
  }
  response.end()
}

function send(response: ServerResponse, type: string, content: string): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(content)
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
