import { expect, it } from 'vitest'
import { requestsView } from '../../../src/adapters/slack/views/requests.ts'
import { REQUEST_ID, request } from '../../fixtures/examples.ts'

const title = (count: number, unreadable: number) =>
  requestsView(
    'Open requests',
    {
      requests: Array.from({ length: count }, () => request('pending')),
      unreadable: Array.from({ length: unreadable }, () => REQUEST_ID),
    },
    { links: new Map(), freeze: undefined },
  ).text

it.each([
  [3, 0, 'Open requests (3)'],
  [20, 0, 'Open requests (the newest 20)'],
  [19, 1, 'Open requests (the newest 19)'],
  [0, 0, 'Open requests: none.'],
  [0, 1, 'Open requests: none that I can read.'],
])('%i that can be read and %i that cannot: %s', (count, unreadable, text) =>
  expect(title(count, unreadable)).toBe(text),
)
