const cell = new Int32Array(new SharedArrayBuffer(4))

/** Blocks this process for so many milliseconds: the tools are single-threaded and do one thing at a time. */
export function sleep(ms) {
  if (ms > 0) Atomics.wait(cell, 0, 0, ms)
}
