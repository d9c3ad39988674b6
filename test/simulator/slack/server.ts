import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { FaultList, type FaultRule } from '../faults.ts'
import { listen, readBody } from '../http.ts'
import { type Json, parseJson } from '../json.ts'
import { ApiError } from './api-error.ts'
import { parseArguments } from './arguments.ts'
import type { Grants } from './manifest.ts'
import { receiveUpload } from './methods/files.ts'
import type { ApiCall } from './records.ts'
import { respond } from './response-url.ts'
import { callMethod, errorAnswer } from './web-api.ts'
import type { Workspace } from './workspace.ts'

export interface SlackFaultRule extends FaultRule<Json> {
  /** A Web API method, `response_url`, `upload`, or `*` for every method. */
  readonly method: string
  /** Slack's error code. */
  readonly error?: string
  /** Seconds; the answer is then 429 unless `status` says otherwise. */
  readonly retryAfter?: number
  /** The connection breaks before anything happens. */
  readonly unreachable?: boolean
}

export interface SlackServer {
  readonly server: Server
  readonly origin: string
  readonly calls: ApiCall[]
  readonly faults: FaultList<Json, SlackFaultRule>
}

interface Answer {
  readonly status: number
  readonly body: Json | string
  readonly retryAfter?: number
  /** Of the token that was used, as Slack names them in every answer. */
  readonly scopes?: readonly string[]
}

/** The HTTP side of Slack: Web API, upload addresses and response URLs. */
export async function serveSlack(options: {
  readonly workspace: Workspace
  readonly grants: Grants
  readonly openSocket: () => string
}): Promise<SlackServer> {
  const { workspace, grants, openSocket } = options
  const calls: ApiCall[] = []
  const faults = new FaultList<Json, SlackFaultRule>()

  const served = await listen(
    async (request, response) => {
      const body = await readBody(request)
      const [, kind = '', name = ''] = new URL(request.url ?? '/', 'http://slack').pathname.split('/')
      if (request.method !== 'POST') return send(response, { status: 405, body: 'method_not_allowed' })
      if (kind === 'api') return await api(name, { request, response, body })
      if (kind === 'upload') return await upload(name, { request, response, body })
      if (kind === 'response') return await responseUrl(name, { response, body })
      workspace.report(`no such address: ${request.url ?? ''}`)
      send(response, { status: 404, body: 'not_found' })
    },
    (problem) => workspace.report(problem),
  )

  async function api(name: string, at: { request: IncomingMessage; response: ServerResponse; body: Buffer }) {
    const { request, response } = at
    const parsed = attempt(() => parseArguments(at.body.toString('utf8'), request.headers['content-type'] ?? ''))
    const args = parsed instanceof ApiError ? {} : parsed
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '') || String(args.token ?? '')
    const call: ApiCall = { method: name, token, arguments: args, at: Date.now() }
    calls.push(call)
    await answer(
      name,
      args,
      response,
      () => {
        if (parsed instanceof ApiError) return { status: 200, body: errorAnswer(parsed, grants) }
        const body = callMethod(name, { token, args }, { workspace, grants, origin: served.origin, openSocket })
        return { status: 200, body, scopes: grants.scopes }
      },
      call,
    )
  }

  async function upload(id: string, at: { request: IncomingMessage; response: ServerResponse; body: Buffer }) {
    const bytes = await uploadedBytes(at.body, at.request.headers['content-type'] ?? '')
    await answer('upload', { id }, at.response, () => {
      const accepted = receiveUpload(workspace, id, bytes)
      return accepted ? { status: 200, body: `OK - ${bytes.length}` } : { status: 400, body: 'no such upload' }
    })
  }

  async function responseUrl(id: string, at: { response: ServerResponse; body: Buffer }) {
    const body = parseJson(at.body.toString('utf8'))
    await answer('response_url', { id, body }, at.response, () => {
      const refused = attempt(() => respond(workspace, id, body))
      if (!(refused instanceof ApiError)) return { status: 200, body: 'ok' }
      workspace.report(`response_url: ${refused.code} ${refused.details.join(' ')}`)
      return { status: 404, body: { ok: false, error: refused.code } }
    })
  }

  async function answer(name: string, args: Json, response: ServerResponse, work: () => Answer, call?: ApiCall) {
    const fault = faults.take(args, (rule) => rule.method === name || (rule.method === '*' && call !== undefined))
    if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
    if (fault?.unreachable) return lose(response)
    const failed = fault?.after ? undefined : failureOf(fault)
    const result = failed ?? work()
    if (fault?.after)
      return failureOf(fault) === undefined ? lose(response) : send(response, failureOf(fault) ?? result)
    if (call !== undefined && typeof result.body !== 'string') call.response = result.body
    send(response, result)
  }

  return { ...served, calls, faults }
}

function failureOf(fault: SlackFaultRule | undefined): Answer | undefined {
  if (fault?.error !== undefined) return { status: fault.status ?? 200, body: { ok: false, error: fault.error } }
  if (fault?.retryAfter !== undefined) {
    return { status: fault.status ?? 429, body: { ok: false, error: 'ratelimited' }, retryAfter: fault.retryAfter }
  }
  return fault?.status === undefined ? undefined : { status: fault.status, body: '' }
}

async function uploadedBytes(body: Buffer, contentType: string): Promise<Buffer> {
  if (!contentType.startsWith('multipart/form-data')) return body
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  for (const value of form.values()) {
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer())
  }
  return Buffer.alloc(0)
}

function attempt<T>(work: () => T): T | ApiError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function send(response: ServerResponse, { status, body, retryAfter, scopes = [] }: Answer): void {
  const isText = typeof body === 'string'
  response.writeHead(status, {
    'content-type': isText ? 'text/plain' : 'application/json; charset=utf-8',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(scopes.length === 0 ? {} : { 'x-oauth-scopes': scopes.join(',') }),
  })
  response.end(isText ? body : JSON.stringify(body))
}

function lose(response: ServerResponse): void {
  response.socket?.destroy()
}
