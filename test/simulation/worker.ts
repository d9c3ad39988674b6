import { simulate } from './run.ts'
import type { ShortVerdict } from './workers.ts'

// What `workers.ts` starts: plays one seed after the other, as they come.
process.on('message', ({ seed }: { readonly seed: number }) => {
  void simulate(seed, false).then(({ violations, figures }) => {
    process.send?.({ seed, violations, figures } satisfies ShortVerdict)
  })
})
