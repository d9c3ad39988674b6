import { isJsonList, type Json, textAt } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { type Method, type MethodContext, optional, required } from '../method.ts'
import type { FileRecord } from '../records.ts'
import { botUser, type Workspace } from '../workspace.ts'

const snippetLimit = 1_048_576

export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': { scope: 'files:write', run: getUploadUrl },
  'files.completeUploadExternal': { scope: 'files:write', run: complete },
}

function getUploadUrl(args: Json, { workspace, origin }: MethodContext): Json {
  const name = required(args, 'filename')
  const length = Number(args.length)
  if (!Number.isInteger(length) || length < 1)
    throw new ApiError('invalid_arguments', 'length must be a positive number')
  const snippetType = optional(args, 'snippet_type')
  if (snippetType !== undefined && length > snippetLimit) throw new ApiError('snippet_too_large')
  const id = workspace.nextId('F')
  const file: FileRecord = { id, name, title: name, content: '', ...(snippetType ? { snippetType } : {}) }
  workspace.uploads.set(id, { file, length, done: false })
  return { upload_url: `${origin}/upload/${id}`, file_id: id }
}

/** Takes the bytes at an upload address. True when they are what was announced. */
export function receiveUpload(workspace: Workspace, id: string, bytes: Buffer): boolean {
  const upload = workspace.uploads.get(id)
  if (upload === undefined || upload.done) return false
  if (upload.length !== bytes.length) {
    workspace.report(`upload ${id}: ${upload.length} bytes announced, ${bytes.length} sent`)
    return false
  }
  upload.file = { ...upload.file, content: bytes.toString('utf8') }
  upload.done = true
  return true
}

function complete(args: Json, { workspace }: MethodContext): Json {
  if (!isJsonList(args.files) || args.files.length === 0)
    throw new ApiError('invalid_arguments', 'files must be a list')
  const files = args.files.map((entry): FileRecord => {
    const upload = workspace.uploads.get(textAt(entry, 'id') ?? '')
    if (upload === undefined) throw new ApiError('file_not_found')
    if (!upload.done) throw new ApiError('file_upload_size_restricted', 'nothing was uploaded')
    return { ...upload.file, title: textAt(entry, 'title') ?? upload.file.title }
  })
  const channelId = optional(args, 'channel_id')
  if (channelId !== undefined) share(args, { workspace, channelId, files })
  // The message that shares the files is not returned (docs: files.completeUploadExternal).
  for (const file of files) workspace.uploads.delete(file.id)
  return { files: files.map(({ id, title }) => ({ id, title })) }
}

function share(args: Json, at: { workspace: Workspace; channelId: string; files: FileRecord[] }): void {
  const { workspace, channelId, files } = at
  const channel = workspace.postable(channelId)
  const threadTs = optional(args, 'thread_ts')
  if (threadTs !== undefined && workspace.message(channel.id, threadTs) === undefined) {
    throw new ApiError('invalid_arguments', 'thread_ts: no such message')
  }
  const text = optional(args, 'initial_comment') ?? ''
  workspace.post({
    channel: channel.id,
    user: botUser.id,
    text,
    blocks: [],
    files,
    ...(threadTs === undefined ? {} : { threadTs }),
  })
}
