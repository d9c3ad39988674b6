import { gunzip, gunzipSync } from 'node:zlib'
import { sha256 } from '../domain/digest.ts'
import type { Mark, Statement } from '../domain/evidence.ts'
import type { OperationId } from '../domain/ids.ts'
import { parseResult, type Result } from './results.ts'

/** The machine-readable block of one SSM command. What it does not say is absent: nothing is made up. */
export interface OutputBlock {
  /**
   * What that run of the script was for; `fetch` asks about the operation, `check` looks at the bastion, the others are
   * it.
   */
  readonly action: (typeof ACTIONS)[number]
  readonly operation: string
  readonly result: Result
  /** Of a fetch whose result is `recorded`: the result of the operation itself. */
  readonly recorded?: Result
  readonly detail: string
  /** Seconds the tool ran. */
  readonly seconds?: number
  /** Commands it was sent. */
  readonly sent?: number
  readonly mark?: Mark
  /** Names of the users whose secrets were read, the officer first. */
  readonly logins?: readonly string[]
  readonly content?: { readonly sha256: string; readonly chunks: number; readonly chunk: number; readonly text: string }
}

/** Everything one operation printed, its chunks put together. */
export interface Printed extends Pick<OutputBlock, 'detail' | 'seconds' | 'sent' | 'mark' | 'logins'> {
  /** The operation's own, whoever told it. */
  readonly result: Result
  /** `undefined` where there was none, or where it did not arrive whole. */
  readonly text: string | undefined
}

const BEGIN = '-----BEGIN HSM-SYNC-----'
const END = '-----END HSM-SYNC-----'
/**
 * Above any listing: 16,666 keys of a cluster, seen by their owners in all detail, on both sides,
 * are 38 MB.
 */
const LARGEST_TEXT = 96 * 1024 * 1024

/**
 * The last whole block in a command's output; `undefined` if there is none, as after SSM cut it, or one that says what
 * no script of ours says.
 */
export function parseBlock(output: string): OutputBlock | undefined {
  const end = output.lastIndexOf(END)
  const begin = output.lastIndexOf(BEGIN, end)
  if (begin < 0 || end < 0) return undefined
  // PowerShell ends lines with CRLF where it writes them by itself.
  const lines = output.slice(begin + BEGIN.length, end).split(/\r?\n/)
  const fields = new Map(lines.flatMap((line) => (line.includes('=') ? [split(line)] : [])))
  const action = ACTIONS.find((word) => word === fields.get('action'))
  const operation = fields.get('operation')
  const result = parseResult(fields.get('result'))
  if (!action || operation === undefined || !result) return undefined
  const recorded = parseResult(fields.get('recorded'))
  if (action === 'fetch' && result === 'recorded' && !recorded) return undefined
  const [seconds, sent] = [count(fields.get('seconds')), count(fields.get('sent'))]
  const mark = MARKS.find((word) => word === fields.get('mark'))
  const logins = fields.get('logins')?.split(',')
  const content = contentOf(fields)
  return {
    action,
    operation,
    result,
    detail: fields.get('detail') ?? '',
    ...(recorded ? { recorded } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(sent === undefined ? {} : { sent }),
    ...(mark ? { mark } : {}),
    ...(logins ? { logins } : {}),
    ...(content ? { content } : {}),
  }
}

const ACTIONS = ['session', 'fetch', 'read-config', 'check'] as const
const MARKS: readonly Mark[] = ['none', 'login', 'read', 'write']

function contentOf(fields: ReadonlyMap<string, string>): OutputBlock['content'] {
  const [text, digest] = [fields.get('content'), fields.get('sha256')]
  const [chunks, chunk] = [count(fields.get('chunks')), count(fields.get('chunk'))]
  if (text === undefined || !digest || chunks === undefined || chunk === undefined) return undefined
  return { sha256: digest, chunks, chunk, text }
}

/**
 * Does the block tell how exactly this operation went? A fetch that was refused tells nothing about it, and a session
 * that found its name taken neither.
 */
export function isAbout(block: OutputBlock, operation: OperationId): boolean {
  if (block.operation !== operation) return false
  if (block.action === 'session') return block.result !== 'refused-already-started'
  return block.action === 'fetch' && (block.result === 'recorded' || block.result === 'sealed')
}

/** What a block proves about what exactly this operation sent; nothing where it does not say how far that came. */
export function statementOf(block: OutputBlock, operation: OperationId): Statement | undefined {
  if (!isAbout(block, operation)) return undefined
  if (block.action === 'fetch' && block.result === 'sealed') return { by: 'seal' }
  return block.mark && { by: 'bastion', mark: block.mark }
}

/** The number of the first chunk that is still to be fetched; `undefined` if the operation's output is whole. */
export function missingChunk(blocks: readonly OutputBlock[]): number | undefined {
  const chunks = blocks.find((block) => block.content)?.content?.chunks ?? 0
  for (let chunk = 1; chunk <= chunks; chunk++) {
    if (!blocks.some((block) => block.content?.chunk === chunk)) return chunk
  }
  return undefined
}

/** One operation's blocks, in any order, put together. `undefined` without any block. */
export function assemble(blocks: readonly OutputBlock[]): Printed | undefined {
  const [first] = blocks
  return first && withText(first, unpacked(packedIn(blocks)))
}

/** The same; what is large is unpacked beside everything else. */
export async function assembleAsync(blocks: readonly OutputBlock[]): Promise<Printed | undefined> {
  const [first] = blocks
  const packed = packedIn(blocks)
  if (!first || packed === undefined || packed.length < LARGE) return assemble(blocks)
  const text = await new Promise<string | undefined>((resolve) => {
    // Damaged on the way: as good as not arrived.
    gunzip(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST_TEXT }, (error, bytes) =>
      resolve(error ? undefined : bytes.toString('utf8')),
    )
  })
  return withText(first, text)
}

const LARGE = 200_000

function withText(first: OutputBlock, text: string | undefined): Printed {
  const { result, recorded, detail, seconds, sent, mark, logins } = first
  return {
    result: recorded ?? result,
    detail,
    ...(seconds === undefined ? {} : { seconds }),
    ...(sent === undefined ? {} : { sent }),
    ...(mark ? { mark } : {}),
    ...(logins ? { logins } : {}),
    text,
  }
}

function packedIn(blocks: readonly OutputBlock[]): string | undefined {
  const contents = blocks.flatMap((block) => block.content ?? []).sort((a, b) => a.chunk - b.chunk)
  const [first] = contents
  if (!first || missingChunk(blocks) !== undefined) return undefined
  const packed = contents.map((content) => content.text).join('')
  return sha256(packed) === first.sha256 ? packed : undefined
}

function unpacked(packed: string | undefined): string | undefined {
  if (packed === undefined) return undefined
  try {
    return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST_TEXT }).toString('utf8')
  } catch {
    return undefined // damaged on the way: as good as not arrived
  }
}

function split(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
