import { expect, it } from 'vitest'
import type { Workspace } from '../../../src/application/ports.ts'
import { refuseUnapprovable } from '../../../src/application/refuse-unapprovable.ts'
import type { Route } from '../../../src/domain/route.ts'
import { spec } from '../../fixtures/examples.ts'

const people = (count: number) => Array.from({ length: count }, (_, at) => `U0PERSON${at}`)

function refused(
  approvers: Route['approvers'],
  workspace: Pick<Workspace, 'person' | 'membersOf'>,
  required = 2,
): Promise<unknown> {
  const channel = async () => undefined
  const { source, destination } = spec()
  return refuseUnapprovable(
    { workspace: { ...workspace, channel }, warnOnce: () => undefined },
    { source, destination, approvers, required },
    'U0ASKER',
  )
}

const members =
  (...ids: readonly string[]) =>
  async (): Promise<readonly string[]> =>
    ids
const allWell = async (id: string) => ({ id })
const allGone = async (id: string) => ({ id, flaw: 'deactivated' as const })
const silent = async (): Promise<never> => {
  throw new Error('Slack could not be reached, so try again in a minute')
}

it('enough of them is enough, and nobody further is looked up', async () => {
  const asked: string[] = []
  const person = async (id: string) => {
    asked.push(id)
    return { id }
  }
  expect(await refused({ users: people(9), userGroups: [] }, { person, membersOf: members() })).toEqual({
    deadGroups: [],
  })
  expect(asked).toHaveLength(2)
})

it('who asks is none of them', async () => {
  const given = await refused(
    { users: ['U0ASKER', 'U0ONE'], userGroups: [] },
    { person: allWell, membersOf: members() },
  )
  expect(given).toMatchObject({ refused: { code: 'nobody-may-approve', required: 2, found: 1, deadGroups: [] } })
})

it('of a list too long to look up whole, nobody says that there is nobody', async () => {
  const listed = { users: people(51), userGroups: [] }
  expect(await refused(listed, { person: allGone, membersOf: members() })).toEqual({ deadGroups: [] })
  const shorter = { users: people(50), userGroups: [] }
  expect(await refused(shorter, { person: allGone, membersOf: members() })).toMatchObject({ refused: { found: 0 } })
})

it('where people cannot be looked up it is not known, and that is what is said', async () => {
  const given = await refused({ users: people(2), userGroups: [] }, { person: silent, membersOf: members() })
  expect(given).toMatchObject({
    refused: {
      code: 'identity-unknown',
      problem: 'Slack could not be reached, so try again in a minute',
    },
  })
})

it('a group that cannot be read is named, with why', async () => {
  const given = await refused({ users: ['U0ONE'], userGroups: ['S0GONE'] }, { person: allWell, membersOf: silent })
  expect(given).toMatchObject({
    refused: {
      code: 'nobody-may-approve',
      found: 1,
      deadGroups: [{ group: 'S0GONE', problem: 'Slack could not be reached, so try again in a minute' }],
    },
  })
})

it('a group that cannot be read blocks nobody of another, and is answered', async () => {
  const membersOf = async (group: string) => (group === 'S0GONE' ? silent() : people(2))
  const listed = { users: [], userGroups: ['S0GONE', 'S0LIVE'] }
  expect(await refused(listed, { person: allWell, membersOf })).toEqual({ deadGroups: ['S0GONE'] })
})
