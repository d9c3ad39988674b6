import type { Workspace } from '../../application/ports.ts'
import type { PeopleList, Route } from '../../domain/route.ts'
import { type Check, OK, unknown, unwise, type Verdict, wrong } from './finding.ts'
import { nameOf } from './settings.ts'

/** Who is asked for more than once is looked up once. */
export type People = Pick<Workspace, 'person' | 'membersOf'>

/** Are there enough full members who may approve? Who asks never counts, but that is known of each request only. */
export function approversCheck(route: Route, people: People): Check {
  return {
    check: 'approvers',
    about: nameOf(route),
    look: async () => {
      const [approvers, requesters] = await Promise.all([
        membersOf(route.approvers, people),
        route.requesters && membersOf(route.requesters, people),
      ])
      const checked = await Promise.allSettled([...approvers.ids].map((id) => people.person(id)))
      const full = checked.flatMap((one) => (one.status === 'fulfilled' && !one.value.flaw ? [one.value.id] : []))
      const isWhole = approvers.isWhole && checked.every(({ status }) => status === 'fulfilled')
      const asks = requesters?.isWhole ? requesters.ids : undefined
      return judgeApprovers({ required: route.required, full, isWhole, asks })
    },
  }
}

/** `full`: full members on the list. `isWhole`: are these all? `asks`: who may ask; absent: anybody, or not known. */
interface Approvers {
  readonly required: number
  readonly full: readonly string[]
  readonly isWhole: boolean
  readonly asks: ReadonlySet<string> | undefined
}

export function judgeApprovers({ required, full, isWhole, asks }: Approvers): Verdict {
  const found = `${full.length} full ${full.length === 1 ? 'member' : 'members'}`
  if (full.length > required) return OK
  if (!isWhole) return unknown(`${required} must approve, and of the list only ${found} could be looked up`)
  if (full.length < required)
    return wrong(`${required} must approve, and the list has ${found}`, 'Name more approvers, or require fewer.')
  if (asks && !full.some((id) => asks.has(id))) return OK
  return unwise(
    `${required} must approve, and the list has just ${found}: where one of them asks, nobody can approve it`,
    'Name one more.',
  )
}

async function membersOf(list: PeopleList, people: People) {
  const groups = await Promise.allSettled(list.userGroups.map((group) => people.membersOf(group)))
  const members = groups.flatMap((group) => (group.status === 'fulfilled' ? group.value : []))
  const isWhole = groups.every(({ status }) => status === 'fulfilled')
  return { ids: new Set([...list.users, ...members]), isWhole }
}
