import { context, type Message, pre, section } from './blocks.ts'
import type { ThreadFile } from './picture.ts'

const PIECE = 9_000
/** A thread is no place for a megabyte. */
const PIECES = 10

/** A file's text as messages, for workspaces without uploads; says where the rest is, if not all of it fits. */
export function inPieces({ title, content }: ThreadFile): readonly Message[] {
  const pieces = Math.max(1, Math.ceil(content.length / PIECE))
  return Array.from({ length: Math.min(pieces, PIECES) }, (_, at) => {
    const name = `${title}, part ${at + 1} of ${pieces}`
    const isCut = pieces > PIECES && at === PIECES - 1
    const rest = content.length - PIECES * PIECE
    const blocks = [context(name), pre(content.slice(at * PIECE, (at + 1) * PIECE), PIECE)]
    return {
      text: name,
      blocks: isCut
        ? [...blocks, section(`${rest} more characters are left out here: the bastion keeps them for 30 days.`)]
        : blocks,
    }
  })
}
