/** Work on something large, interrupted now and then so that others get their turn. */
export type Slices<Value> = Generator<undefined, Value, undefined>

export function atOnce<Value>(work: Slices<Value>): Value {
  for (;;) {
    const slice = work.next()
    if (slice.done) return slice.value
  }
}

/** A slice takes a few milliseconds; small work has none to wait for. */
const TOGETHER = 4

/** `breathe`: resolves once others had their turn. */
export async function inSlices<Value>(work: Slices<Value>, breathe: () => Promise<unknown>): Promise<Value> {
  for (let count = 1; ; count++) {
    const slice = work.next()
    if (slice.done) return slice.value
    if (count % TOGETHER === 0) await breathe()
  }
}
