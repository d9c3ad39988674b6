import { randomBytes, randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { isJson, type Json, parseJson } from '../json.ts'
import type { Sent } from './http-delivery.ts'
import { appId } from './workspace.ts'

const patienceMs = 3000
const pingEveryMs = 5000
const mostConnections = 10

export interface SocketMode {
  openSocket(): string
  readonly connections: number
  /** Delivers to one of the open connections; status 0: not acknowledged in three seconds. */
  send(kind: EnvelopeKind, payload: Json): Promise<Sent>
  /** Tells one connection (default: all) that it will be closed. */
  disconnect(options?: { reason?: string; closeAfterMs?: number }): void
  stop(): void
}

export type EnvelopeKind = 'slash_commands' | 'interactive' | 'events_api'

/** Socket Mode on the same port as the Web API. */
export function createSocketMode(report: (violation: string) => void): SocketMode & { attach(server: Server): void } {
  const tickets = new Set<string>()
  const open: WebSocket[] = []
  const waiting = new Map<string, { socket: WebSocket; done(answer: string): void; lost(): void }>()
  const acknowledged = new Set<string>()
  const sockets = new WebSocketServer({ noServer: true })
  let address = ''
  let turn = 0

  sockets.on('connection', (socket) => {
    open.push(socket)
    const beat = setInterval(() => socket.ping(), pingEveryMs)
    socket.on('message', (data) => acknowledge(parseJson(String(data))))
    socket.on('close', () => {
      clearInterval(beat)
      remove(open, socket)
      for (const entry of [...waiting.values()]) if (entry.socket === socket) entry.lost()
    })
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: open.length,
        debug_info: { host: 'simulator', approximate_connection_time: 18060 },
        connection_info: { app_id: appId },
      }),
    )
  })

  function acknowledge(message: unknown): void {
    const id = isJson(message) && typeof message.envelope_id === 'string' ? message.envelope_id : ''
    if (acknowledged.has(id)) {
      report(`socket mode: envelope ${id} was acknowledged twice`)
      return
    }
    const entry = waiting.get(id)
    if (entry === undefined) {
      report(`socket mode: unknown or late acknowledgement ${JSON.stringify(message)}`)
      return
    }
    acknowledged.add(id)
    waiting.delete(id)
    entry.done(payloadOf(message))
  }

  return {
    attach(server) {
      const { port } = server.address() as { port: number }
      address = `ws://127.0.0.1:${port}/link`
      server.on('upgrade', (request, socket, head) => {
        const ticket = new URL(request.url ?? '/', 'ws://slack').searchParams.get('ticket') ?? ''
        if (!tickets.delete(ticket) || open.length >= mostConnections) return void socket.destroy()
        sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
      })
    },
    openSocket() {
      const ticket = randomBytes(8).toString('hex')
      tickets.add(ticket)
      return `${address}?ticket=${ticket}&app_id=${appId}`
    },
    get connections() {
      return open.length
    },
    send(kind, payload) {
      // Each payload goes to one connection only (bolt-python#448).
      const socket = open[turn++ % Math.max(1, open.length)]
      if (socket === undefined) return Promise.reject(new Error('no Socket Mode connection is open'))
      const started = performance.now()
      const id = randomUUID()
      const acceptsPayload = kind !== 'events_api'
      return new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          clearTimeout(timer)
          waiting.delete(id)
          finish()
        }
        const sent = (status: number, answer: string) => ({ status, answer, ackMs: performance.now() - started })
        const timer = setTimeout(() => settle(() => resolve(sent(0, ''))), patienceMs)
        waiting.set(id, {
          socket,
          done: (answer) => settle(() => resolve(sent(200, answer))),
          lost: () => settle(() => reject(new Error('the Socket Mode connection was lost before the ack'))),
        })
        socket.send(JSON.stringify({ envelope_id: id, type: kind, accepts_response_payload: acceptsPayload, payload }))
      })
    },
    disconnect({ reason = 'refresh_requested', closeAfterMs = 500 } = {}) {
      for (const socket of [...open]) {
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'simulator' } }))
        remove(open, socket)
        setTimeout(() => socket.close(), closeAfterMs).unref()
      }
    },
    stop() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}

// Bolt sends `payload: {}` for an ack without content.
function payloadOf(message: unknown): string {
  const payload = isJson(message) ? message.payload : undefined
  const isEmpty = payload === undefined || payload === '' || (isJson(payload) && Object.keys(payload).length === 0)
  return isEmpty ? '' : JSON.stringify(payload)
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
}
