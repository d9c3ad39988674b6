import { isJson, type Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import type { MessageVersion } from '../records.ts'
import type { Workspace } from '../workspace.ts'
import { acceptBlocks } from './blocks.ts'

const postTextLimit = 40_000
const updateTextLimit = 4_000
// By memory of Slack's reference, not published: see the error metadata_too_large.
const metadataBytes = 16_000

/** Text, blocks and metadata of a message, checked as Slack checks them. `where` names the call in violations. */
export function acceptContent(workspace: Workspace, args: Json, where: string): MessageVersion {
  const blocks = acceptBlocks(args.blocks, 'message', workspace.blocks)
  const text = args.text ?? ''
  if (typeof text !== 'string') throw new ApiError('invalid_arguments', 'text must be a string')
  if (text === '' && blocks.length === 0) throw new ApiError('no_text')
  if (text === '') workspace.report(`${where}: no top-level text for notifications and screen readers`)
  if (where === 'chat.update' && text.length > updateTextLimit) throw new ApiError('msg_too_long')
  if (text.length > postTextLimit) {
    workspace.report(`${where}: text of ${text.length} characters was truncated`)
  }
  if (args.attachments !== undefined) workspace.report(`${where}: attachments are not modelled`)
  if (/<!(channel|here|everyone)(\|[^>]*)?>/.test(JSON.stringify([text, blocks]))) {
    workspace.report(`${where}: mentions the whole channel`)
  }
  const metadata = acceptMetadata(args.metadata)
  return { text: text.slice(0, postTextLimit), blocks, ...(metadata ? { metadata } : {}) }
}

function acceptMetadata(value: unknown): Json | undefined {
  if (value === undefined || value === '') return undefined
  if (!isJson(value) || typeof value.event_type !== 'string' || !isJson(value.event_payload)) {
    throw new ApiError('invalid_metadata_format')
  }
  if (Buffer.byteLength(JSON.stringify(value)) > metadataBytes) throw new ApiError('metadata_too_large')
  return value
}
