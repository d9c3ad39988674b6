import { gunzipSync } from 'node:zlib'
import { sha256 } from '../domain/digest.ts'

/** The machine-readable block of one SSM command. */
export interface Block {
  readonly operation: string
  readonly result: string
  readonly detail: string
  /** Seconds the tool ran, commands it was sent, the last mark it reached. */
  readonly seconds: number
  readonly sent: number
  readonly mark: string
  readonly content?: { readonly sha256: string; readonly pieces: number; readonly piece: number; readonly text: string }
}

/** Everything one operation printed, its pieces put together. */
export interface Printed {
  readonly result: string
  readonly detail: string
  readonly seconds: number
  readonly sent: number
  readonly mark: string
  /** `undefined` where there was none, or where it did not arrive whole. */
  readonly text: string | undefined
}

const BEGIN = '-----BEGIN HSM-SYNC-----'
const END = '-----END HSM-SYNC-----'
/** Above any listing: 16,666 keys of a cluster (facts, section 3.7), seen by their owners in all detail, on both sides, are 38 MB. */
const LARGEST_TEXT = 96 * 1024 * 1024

/** The last whole block in a command's output; `undefined` if there is none, as after SSM cut it. */
export function parseBlock(output: string): Block | undefined {
  const end = output.lastIndexOf(END)
  const begin = output.lastIndexOf(BEGIN, end)
  if (begin < 0 || end < 0) return undefined
  const lines = output.slice(begin + BEGIN.length, end).split('\n')
  const fields = new Map(lines.flatMap((line) => (line.includes('=') ? [split(line)] : [])))
  const operation = fields.get('operation')
  const result = fields.get('result')
  if (operation === undefined || !result) return undefined
  const text = fields.get('content')
  const digest = fields.get('sha256')
  const content =
    text !== undefined && digest
      ? { content: { sha256: digest, pieces: count(fields.get('pieces')), piece: count(fields.get('piece')), text } }
      : {}
  return {
    operation,
    result,
    detail: fields.get('detail') ?? '',
    seconds: count(fields.get('seconds')),
    sent: count(fields.get('sent')),
    mark: fields.get('mark') ?? '',
    ...content,
  }
}

/** The number of the first piece that is still to be fetched; `undefined` if the operation's output is whole. */
export function missingPiece(blocks: readonly Block[]): number | undefined {
  const pieces = blocks.find((block) => block.content)?.content?.pieces ?? 0
  for (let piece = 1; piece <= pieces; piece++) {
    if (!blocks.some((block) => block.content?.piece === piece)) return piece
  }
  return undefined
}

/** One operation's blocks, in any order, put together. `undefined` without any block. */
export function assemble(blocks: readonly Block[]): Printed | undefined {
  const [first] = blocks
  if (!first) return undefined
  const { result, detail, seconds, sent, mark } = first
  return { result, detail, seconds, sent, mark, text: textOf(blocks) }
}

function textOf(blocks: readonly Block[]): string | undefined {
  const contents = blocks.flatMap((block) => block.content ?? []).sort((a, b) => a.piece - b.piece)
  const [first] = contents
  if (!first || missingPiece(blocks) !== undefined) return undefined
  const packed = contents.map((content) => content.text).join('')
  if (sha256(packed) !== first.sha256) return undefined
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

function count(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}
