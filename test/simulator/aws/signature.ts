import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Session } from './sts.ts'

export const accessKeyId = 'AKIASIMULATOR0000001'
export const secretAccessKey = 'simulated-secret-access-key-0000000000000'

export interface Signer {
  /** The role whose credentials signed it; absent: the bot's own. */
  readonly role?: string
  readonly region: string
  readonly service: string
}

/**
 * Who signed the request (Signature Version 4), or undefined when nobody did, or not with a key that STS or the
 * simulator gave out.
 */
export function signerOf(
  request: IncomingMessage,
  body: Buffer,
  sessionOf: (keyId: string) => Session | undefined = () => undefined,
): Signer | undefined {
  const parts = (request.headers.authorization ?? '').match(
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/,
  )
  if (parts === null) return undefined
  const [, keyId = '', date = '', region = '', service = '', signed = '', signature] = parts
  const scope = `${date}/${region}/${service}/aws4_request`
  const canonical = [
    request.method,
    request.url,
    '',
    ...signed.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    signed,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n')
  const text = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n')
  const session = sessionOf(keyId)
  if (session && session.expiresAt <= Date.now()) return undefined
  const secret = session ? session.secretAccessKey : keyId === accessKeyId ? secretAccessKey : undefined
  if (secret === undefined || session?.token !== request.headers['x-amz-security-token']) return undefined
  const key = [date, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secret}`))
  const isRight = hmac(key, text).toString('hex') === signature
  return isRight ? { region, service, ...(session ? { role: session.role } : {}) } : undefined
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
