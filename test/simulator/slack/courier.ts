import type { Json } from '../json.ts'
import { type Sent, sendHttp, signedHeaders } from './http-delivery.ts'
import type { Delivery } from './records.ts'
import type { EnvelopeKind, SocketMode } from './socket-mode.ts'

const form = 'application/x-www-form-urlencoded'
const envelopeKinds: Record<Delivery['kind'], EnvelopeKind> = {
  command: 'slash_commands',
  interaction: 'interactive',
  event: 'events_api',
}

/** Takes what Slack has to say to the app, over whichever transport the app chose. */
export class Courier {
  readonly #sockets: SocketMode
  readonly #report: (violation: string) => void
  #url: string | undefined

  constructor(sockets: SocketMode, report: (violation: string) => void) {
    this.#sockets = sockets
    this.#report = report
  }

  connectTo(url: string): void {
    this.#url = url
  }

  /**
   * Delivers a payload. Resolves when the app has acknowledged it; rejects, with a violation, when it answered late or
   * not with 2xx. An app that is down is no violation of its own, but the person sees an error: rejects too.
   */
  async deliver(kind: Delivery['kind'], payload: Json): Promise<Delivery> {
    const delivery = await (this.#url === undefined
      ? this.#bySocket(kind, payload)
      : this.#byHttp(this.#url, { kind, payload, headers: undefined, body: bodyOf(kind, payload) }))
    if (delivery.status === 0) {
      this.#report(`${kind} was not acknowledged within 3 seconds: ${summary(payload)}`)
      throw new Error(`operation_timeout: ${summary(payload)}`)
    }
    if (delivery.status < 200 || delivery.status > 299) {
      this.#report(`${kind} was answered with ${delivery.status}: ${summary(payload)}`)
      throw new Error(`http_status_${delivery.status}: ${summary(payload)}`)
    }
    return delivery
  }

  /**
   * Sends a delivery again, as it was or with another (rightly signed) time stamp. Whatever comes back is the answer.
   */
  replay(
    delivery: Delivery,
    options: { timestamp?: number; headers?: Record<string, string> } = {},
  ): Promise<Delivery> {
    const { kind, payload, body } = delivery
    if (this.#url === undefined) return this.#bySocket(kind, payload)
    const fresh = options.timestamp === undefined ? delivery.headers : headersOf(kind, body, options.timestamp)
    return this.#byHttp(this.#url, { kind, payload, body, headers: { ...fresh, ...options.headers } })
  }

  async #byHttp(
    url: string,
    at: { kind: Delivery['kind']; payload: Json; body: string; headers: Readonly<Record<string, string>> | undefined },
  ): Promise<Delivery> {
    const { kind, payload, body } = at
    const headers = at.headers ?? headersOf(kind, body, Math.floor(Date.now() / 1000))
    const sent = await sendHttp(url, body, headers)
    return { kind, payload, body, headers, transport: 'http', ...sent }
  }

  async #bySocket(kind: Delivery['kind'], payload: Json): Promise<Delivery> {
    const sent: Sent = await this.#sockets.send(envelopeKinds[kind], payload)
    return { kind, payload, body: JSON.stringify(payload), headers: {}, transport: 'socket', ...sent }
  }
}

function headersOf(kind: Delivery['kind'], body: string, timestamp: number): Record<string, string> {
  return signedHeaders(body, kind === 'event' ? 'application/json' : form, timestamp)
}

function bodyOf(kind: Delivery['kind'], payload: Json): string {
  if (kind === 'event') return JSON.stringify(payload)
  if (kind === 'interaction') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  return new URLSearchParams(
    Object.entries(payload).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}

function summary(payload: Json): string {
  return JSON.stringify(payload).slice(0, 200)
}
