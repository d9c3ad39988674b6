import { expect, it } from 'vitest'
import { resultView } from '../../../src/adapters/slack/views/result.ts'
import { stopText } from '../../../src/adapters/slack/views/stop-text.ts'
import { isFinished } from '../../../src/domain/request.ts'
import { request } from '../../fixtures/examples.ts'

it('says of a login that failed after something else had stopped the run both, the login first', () => {
  const ended = request('unknown')
  if (!isFinished(ended)) throw new Error('not finished')
  const stop = { code: 'login-failed', detail: 'wrong password' } as const
  const earlier = { code: 'canary-effect', detail: 'key 7: there is a key 4711 too' } as const
  const view = resultView({ ...ended, outcome: { ...ended.outcome, stop, earlier } })
  const text = view.blocks?.map((block) => JSON.parse(JSON.stringify(block)).text?.text ?? '').join('\n') ?? ''
  const [login, canary] = [stopText(stop), stopText(earlier)]
  expect(text.indexOf(login.what)).toBeGreaterThan(0)
  expect(text.indexOf(canary.what)).toBeGreaterThan(text.indexOf(login.what))
  expect(text).toContain(login.next)
  expect(text).toContain(canary.next)
})
