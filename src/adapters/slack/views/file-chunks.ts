import { context, type Message, pre, section } from './blocks.ts'
import type { ThreadFile } from './thread.ts'

const CHUNK = 9_000
/** A thread is no place for a megabyte. */
const CHUNKS = 10

/** A file's text as messages, for workspaces without uploads; says where the rest is, if not all of it fits. */
export function inChunks({ title, content }: ThreadFile): readonly Message[] {
  const chunks = Math.max(1, Math.ceil(content.length / CHUNK))
  return Array.from({ length: Math.min(chunks, CHUNKS) }, (_, at) => {
    const name = `${title}, part ${at + 1} of ${chunks}`
    const isCut = chunks > CHUNKS && at === CHUNKS - 1
    const rest = content.length - CHUNKS * CHUNK
    const blocks = [context(name), pre(content.slice(at * CHUNK, (at + 1) * CHUNK), CHUNK)]
    return {
      text: name,
      blocks: isCut
        ? [...blocks, section(`${rest} more characters are left out here: the bastion keeps them for 30 days.`)]
        : blocks,
    }
  })
}
