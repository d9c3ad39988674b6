import type { Json } from '../json.ts'
import { AwsError } from './aws-error.ts'

/** One page of `items` by MaxResults and NextToken; `forced` makes pages smaller than anyone asked for. */
export function page<T>(
  items: readonly T[],
  input: Json,
  limits: { readonly smallest?: number; readonly largest: number; readonly forced?: number | undefined },
): { items: T[]; nextToken: { NextToken?: string } } {
  const asked = input.MaxResults ?? limits.largest
  const smallest = limits.smallest ?? 1
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < smallest || asked > limits.largest) {
    throw new AwsError('ValidationException', `MaxResults must be between ${smallest} and ${limits.largest}`)
  }
  const start = startOf(input.NextToken)
  const end = start + Math.min(asked, limits.forced ?? asked)
  const nextToken = end < items.length ? { NextToken: Buffer.from(`from:${end}`).toString('base64') } : {}
  return { items: items.slice(start, end), nextToken }
}

function startOf(token: unknown): number {
  if (token === undefined) return 0
  const found = Buffer.from(String(token), 'base64')
    .toString()
    .match(/^from:(\d+)$/)
  if (found === null) throw new AwsError('InvalidNextToken', 'The specified token is not valid.')
  return Number(found[1])
}
