/** What `work` gives, unless that takes longer than `ms`: then it throws. The work itself goes on. */
export function limited<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  return Promise.race([work, patience]).finally(() => clearTimeout(timer))
}
