import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import type { Delivery } from './records.ts'
import { tokens } from './web-api.ts'

// Slack gives up on a request to the app after three seconds.
const patienceMs = 3000

export type Sent = Pick<Delivery, 'status' | 'answer' | 'ackMs'>

/** The headers Slack signs a request with. */
export function signedHeaders(body: string, contentType: string, timestamp: number): Record<string, string> {
  const signature = createHmac('sha256', tokens.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
  return {
    // Exactly this, without a charset: Bolt compares it as a whole.
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `v0=${signature}`,
  }
}

/** Sends a request to the app; status 0: no answer in three seconds. Rejects when the app cannot be reached. */
export function sendHttp(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Sent> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body))
    const network = request(url, { method: 'POST', headers: { ...headers, 'content-length': length }, agent: false })
    const timer = setTimeout(() => {
      resolve({ status: 0, answer: '', ackMs: performance.now() - started })
      network.destroy()
    }, patienceMs)
    network.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        clearTimeout(timer)
        const answer = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, answer, ackMs: performance.now() - started })
      })
      response.on('error', reject)
    })
    network.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    network.end(body)
  })
}
