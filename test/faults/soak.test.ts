import { expect, it } from 'vitest'
import { newPostgres } from '../harness/shared-postgres.ts'
import { soak } from './soak.ts'

const SEED = Number(process.env.SOAK_SEED ?? 7)

it('survives random kills and faults with everybody’s truth in agreement', { timeout: 300_000 }, async () => {
  const { problems, filed, summary, log } = await soak({
    requests: 12,
    seed: SEED,
    seconds: 30,
    databaseUrl: await newPostgres(),
  })
  console.log(summary)
  if (problems.length > 0) console.log(log.slice(-20_000))
  expect(problems).toEqual([])
  expect(filed).toBeGreaterThan(4)
})
