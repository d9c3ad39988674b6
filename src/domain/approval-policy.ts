import { type MembershipFlaw, type Refusal, refuse } from './refusal.ts'
import type { ApprovalRule, Request } from './request.ts'
import type { PeopleList } from './route.ts'

/** A person as Slack describes them at the moment of the click. */
export interface Person {
  readonly id: string
  readonly flaw?: MembershipFlaw
}

export interface Clicker {
  readonly person: Person
  /** The user groups of the rule that the clicker is a member of now. */
  readonly memberOf: readonly string[]
}

/** May this person ask at all? Full members only. */
export function refuseRequester(person: Person): Refusal | undefined {
  return person.flaw ? refuse({ code: 'not-a-member', flaw: person.flaw }) : undefined
}

/**
 * May this person approve or reject this request? The reason why not, or nothing. Rules in order:
 * what says most about the person comes first, so that nobody is told "already decided" who could never decide.
 */
export function refuseDecision(request: Request, rule: ApprovalRule, clicker: Clicker): Refusal | undefined {
  const { person } = clicker
  if (person.flaw) return refuse({ code: 'not-a-member', flaw: person.flaw })
  const listed = isListed(rule, clicker)
  if (person.id === request.requestedBy) return refuse({ code: 'self-approval' })
  if (!listed) return refuse({ code: 'not-approver', users: rule.users, userGroups: rule.userGroups })
  const earlier = request.decisions.find((decision) => decision.by === person.id)
  if (earlier) return refuse({ code: 'already-decided', verdict: earlier.verdict, at: earlier.at })
  return undefined
}

/** Stands this person on the list, or in one of its groups? */
export function isListed(list: PeopleList, { person, memberOf }: Clicker): boolean {
  return list.users.includes(person.id) || memberOf.some((group) => list.userGroups.includes(group))
}

/** May this person withdraw it? Only who asked, and only as a full member. */
export function refuseWithdrawal(request: Request, person: Person): Refusal | undefined {
  if (person.flaw) return refuse({ code: 'not-a-member', flaw: person.flaw })
  if (person.id !== request.requestedBy) return refuse({ code: 'not-requester', requestedBy: request.requestedBy })
  return undefined
}
