import { people } from '../simulator/worlds.ts'

/** Who plays, by the word for their part. */
export const cast = {
  requester: people.requester,
  approver: people.approver,
  second: people.secondApprover,
  custodian: people.groupApprover,
  outsider: people.outsider,
  guest: people.guest,
} as const

export type Role = keyof typeof cast

export const roles: readonly Role[] = ['requester', 'approver', 'second', 'custodian', 'outsider', 'guest']

export function isRole(word: string): word is Role {
  return Object.hasOwn(cast, word)
}

export const sides = [
  { alias: 'prod-us', clusterId: 'cluster-2abcdefghij' },
  { alias: 'prod-eu', clusterId: 'cluster-7klmnopqrst' },
] as const
