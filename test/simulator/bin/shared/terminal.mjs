import { self } from './process.mjs'

/** Standard input line by line, as it comes, and standard output without delay. */
export function createTerminal(dialect) {
  const chunk = Buffer.alloc(65536)
  let pending = Buffer.alloc(0)
  let ended = false
  let captured

  function readLine() {
    for (;;) {
      const end = pending.indexOf(10)
      if (end >= 0) {
        const line = pending.subarray(0, end).toString('utf8').replace(/\r$/, '')
        pending = pending.subarray(end + 1)
        return line
      }
      if (ended) return lastLine()
      const count = self().read(chunk)
      if (count === 0) ended = true
      else pending = Buffer.concat([pending, chunk.subarray(0, count)])
    }
  }

  function lastLine() {
    if (pending.length === 0) return undefined
    const line = pending.toString('utf8')
    pending = Buffer.alloc(0)
    return line
  }

  function write(text) {
    if (captured === undefined) self().write(text)
    else captured.push(text)
  }

  return {
    write,
    print(...lines) {
      for (const line of lines) write(`${line}\n`)
    },
    /** Prints the prompt or question and waits for a line; undefined at the end of the input. */
    ask(prompt) {
      write(dialect.blankLines && prompt.includes('>') ? `\n${prompt}` : prompt)
      const line = readLine()
      if (line !== undefined && dialect.echo) write(`${line}\n`)
      return line
    },
    /** What `work` would have printed. */
    capture(work) {
      captured = []
      work()
      const text = captured.join('')
      captured = undefined
      return text
    },
  }
}
