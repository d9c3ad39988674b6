import { expect, it } from 'vitest'
import { auditOf, NOON } from '../sample-request.ts'
import { type AtPlace, replica, together } from './place.ts'

const freeze = (number: number) => ({ by: `U0ALICE${number}`, at: NOON + number, reason: 'an HSM fails' })

export function brakePromises(at: AtPlace): void {
  it('is on for every process until somebody takes it off', async () => {
    const [one, other] = [replica(at(), 0), replica(at(), 1)]
    await expect(other.frozen()).resolves.toBeUndefined()
    await expect(one.setFrozen(freeze(1), auditOf('frozen'))).resolves.toBeUndefined()
    await expect(other.frozen()).resolves.toEqual(freeze(1))
    await expect(other.setFrozen(undefined, auditOf('unfrozen'))).resolves.toEqual(freeze(1))
    await expect(one.frozen()).resolves.toBeUndefined()
    await expect(one.setFrozen(undefined, auditOf('unfrozen'))).resolves.toBeUndefined()
  })

  it('is put on once, whoever is the first of many; the record has that one', async () => {
    const answers = await together(10, (number) =>
      replica(at(), number).setFrozen(freeze(number), auditOf('frozen', { actor: freeze(number).by })),
    )
    const first = await replica(at(), 0).frozen()
    expect(answers.filter((before) => before === undefined)).toHaveLength(1)
    expect(answers.filter((before) => before !== undefined)).toEqual(Array.from({ length: 9 }, () => first))
    const rows = await at().database.db.selectFrom('audit').select(['type', 'actor']).execute()
    expect(rows).toEqual([{ type: 'frozen', actor: first?.by }])
  })
}
