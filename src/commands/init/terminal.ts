import { createInterface } from 'node:readline/promises'

/** Somebody at a terminal. `undefined`: the input has ended. */
export interface Terminal {
  ask(question: string): Promise<string | undefined>
  close(): void
}

/** The input ended in the middle of the talk. */
export class InputEnded extends Error {}

export function openTerminal(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Terminal {
  const lines = createInterface({ input, output })
  const ended = new AbortController()
  // A question that is open when the input ends would never be answered.
  lines.once('close', () => ended.abort())
  return {
    ask: async (question) => {
      if (ended.signal.aborted) return undefined
      try {
        return (await lines.question(question, { signal: ended.signal })).trim()
      } catch (error) {
        if (ended.signal.aborted) return undefined
        throw error
      }
    },
    close: () => lines.close(),
  }
}
