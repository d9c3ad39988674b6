import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { Request } from '../../../domain/request.ts'
import { REASON_BLOCK, REASON_INPUT, REJECT_VIEW } from './actions.ts'
import { context, pre, section } from './blocks.ts'
import { boundBlocks } from './bound.ts'
import { configurationBlocks, configurationFile } from './configuration.ts'
import { code, plain } from './text.ts'

/** What the reject modal carries from the click to the answer. */
const RejectMemo = z.object({ request: z.string(), digest: z.string(), ts: z.string(), channel: z.string() })
export type RejectMemo = z.infer<typeof RejectMemo>

export function rejectModal(request: Request, memo: RejectMemo): types.ModalView {
  return {
    type: 'modal',
    callback_id: REJECT_VIEW,
    private_metadata: JSON.stringify(memo),
    title: { type: 'plain_text', text: `Reject ${request.id}` },
    submit: { type: 'plain_text', text: 'Reject' },
    close: { type: 'plain_text', text: 'Not now' },
    blocks: [
      section(`${code(request.spec.source.alias)} → ${code(request.spec.destination.alias)}: ${plain(request.reason)}`),
      {
        type: 'input',
        block_id: REASON_BLOCK,
        label: { type: 'plain_text', text: 'Why? The channel will see it.' },
        element: { type: 'plain_text_input', action_id: REASON_INPUT, multiline: true, min_length: 3, max_length: 500 },
      },
    ],
  }
}

const CHUNK = 2900
const CHUNKS = 20

/** The configuration, whole as far as a modal holds it. */
export function configModal(request: Request): types.ModalView {
  const text = configurationFile(request.spec)
  const chunks = Array.from({ length: Math.min(CHUNKS, Math.ceil(text.length / CHUNK)) }, (_, at) =>
    text.slice(at * CHUNK, (at + 1) * CHUNK),
  )
  const rest = text.length > CHUNK * CHUNKS ? [section('The rest is in the file in the thread.')] : []
  return {
    type: 'modal',
    title: { type: 'plain_text', text: `Config of ${request.id}` },
    close: { type: 'plain_text', text: 'Close' },
    blocks: [
      context(`SHA-256 of the whole request: ${code(request.digest)}`),
      ...boundBlocks(request),
      ...configurationBlocks(request.spec, CHUNK),
      section('*The whole of it, as the tool gets it*'),
      ...chunks.map((chunk) => pre(chunk, CHUNK)),
      ...rest,
    ],
  }
}

/** What a modal carried; `undefined` where it carried nothing of ours. */
export function parseMemo(text: string): RejectMemo | undefined {
  try {
    return RejectMemo.parse(JSON.parse(text))
  } catch {
    return undefined // another modal's, or none
  }
}
