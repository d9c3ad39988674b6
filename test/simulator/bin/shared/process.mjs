// What a tool has of its own process. Tools are programs; where no test looks at processes they are also played in turn
// inside one (in-memory.mjs, played-program.mjs), which then stands in for theirs.

import { readSync, writeSync } from 'node:fs'
import { isTerminal } from './late.mjs'

const cell = new Int32Array(new SharedArrayBuffer(4))
let played

/** The process of the tool that is at work. */
export function self() {
  return played ?? own
}

/** Blocks for so many milliseconds: the tools are single-threaded and do one thing at a time. */
export function block(ms) {
  if (ms > 0) Atomics.wait(cell, 0, 0, ms)
}

/** Runs `work` as if in this process. */
export function playAs(process, work) {
  const before = played
  played = process
  try {
    return work()
  } finally {
    played = before
  }
}

const own = {
  variables: process.env,
  sleep: block,
  isTerminal,
  exit: (code) => process.exit(code),
  die() {
    process.kill(process.pid, 'SIGKILL')
    block(10_000)
  },
  hang() {
    for (;;) block(60_000)
  },
  /** Some bytes of standard input; 0 at its end. */
  read(buffer) {
    for (;;) {
      try {
        return readSync(0, buffer, 0, buffer.length, null)
      } catch (error) {
        if (error.code === 'EOF') return 0
        // A pipe may have been made non-blocking by its other user.
        if (error.code !== 'EAGAIN') throw error
        block(2)
      }
    }
  },
  write(text) {
    const bytes = Buffer.from(process.env.SIM_CRLF ? text.replaceAll('\n', '\r\n') : text)
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(1, bytes, at)
      } catch (error) {
        if (error.code === 'EPIPE') own.exit(141)
        if (error.code !== 'EAGAIN') throw error
        block(1)
      }
    }
  },
  complain: (text) => writeSync(2, text),
}
