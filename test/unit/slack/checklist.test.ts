import { describe, expect, it } from 'vitest'
import { checklistView } from '../../../src/adapters/slack/views/checklist.ts'
import type { SeenStep } from '../../../src/application/run-view.ts'
import type { RequestState } from '../../../src/domain/request.ts'
import type { Spec } from '../../../src/domain/spec.ts'
import { ADMIN, keys, request, specOfOne, sure, user } from '../../fixtures/examples.ts'
import { type Answer, except, honest, nothing, walk } from '../../fixtures/walk.ts'

const SIGNS: Readonly<Record<string, string>> = { pending: '·', in_progress: '>', complete: '+', error: '!' }

/** One user and forty keys are missing. */
function clones(manner: Parameters<typeof honest>[1] = {}): Answer {
  const jdoe = user('jdoe', { id: 3 })
  return honest({ users: [[ADMIN, jdoe], [ADMIN]], keys: [keys(40), []] }, manner)
}

function seenIn(spec: Spec, answer: Answer, stopAsked?: Parameters<typeof walk>[2]): readonly SeenStep[] {
  return walk(spec, answer, stopAsked).steps.map((step, index): SeenStep => ({ n: index + 1, ...step }))
}

/** As planned, nothing found yet. */
function begun({ reading: _, evidence: __, ...step }: SeenStep): SeenStep {
  return { ...step, seconds: undefined }
}

function shown(steps: readonly SeenStep[], state: RequestState = 'running', spec = specOfOne()) {
  return checklistView({ request: request(state, { spec }), steps })
}

function tasksOf(...given: Parameters<typeof shown>): string[] {
  return (shown(...given).newest ?? []).flatMap((block) =>
    block.type === 'plan'
      ? (block.tasks ?? []).map(({ status, title }) => `${SIGNS[String(status)]} ${String(title).split(',')[0]}`)
      : [],
  )
}

describe('a run that goes well', () => {
  const steps = seenIn(specOfOne(), clones())
  const upTo = (count: number) => [...steps.slice(0, count), begun(sure(steps[count]))]

  it('ticks off what was found to be done, and knows what is still to come', () => {
    expect(tasksOf([])).toEqual(['· Connect', '· List users and keys', '· Compare', '· Copy what is missing'])
    expect(tasksOf(upTo(0))[0]).toBe('> Connect')
    expect(tasksOf(upTo(1))).toEqual(['+ Connect', '> List users and keys', '· Compare', '· Copy what is missing'])
    const known = ['+ Connect', '+ List users and keys', '+ Compare']
    expect(tasksOf(upTo(2))).toEqual([
      ...known,
      '> Copy users',
      '· Copy one key alone',
      '· Copy the other keys',
      '· List again',
    ])
    expect(tasksOf(upTo(3)).slice(3)).toEqual([
      '+ Copy users',
      '> Copy one key alone',
      '· Copy the other keys',
      '· List again',
    ])
    // Between two batches, too, the keys are not done.
    expect(steps.map(({ plan }) => plan.kind).slice(4, 7)).toEqual(['sync-keys', 'sync-keys', 'inventory'])
    expect(tasksOf(steps.slice(0, 5)).slice(5)).toEqual(['> Copy the other keys', '· List again'])
    expect(tasksOf(steps, 'succeeded').filter((task) => !task.startsWith('+'))).toEqual([])
  })

  it('says what goes on above the plan, which Slack may fold, and the same in text', () => {
    const { text, blocks, newest } = shown(upTo(2))
    expect(JSON.stringify(newest?.[0])).toContain('⏳ Copying 1 user to server 1')
    for (const form of [text, JSON.stringify(blocks)]) {
      expect(form).toContain('3 of 7 done')
      expect(form).toContain('1 user missing, 40 keys missing')
      expect(form).toContain('Copying 1 user to server 1')
      expect(form).toContain('◻️ *Copy the other keys*')
    }
    expect(shown(steps, 'succeeded').newest).toHaveLength(1)
  })

  it('keeps the plan’s block id, or Slack would fold what somebody had opened', () => {
    const idOf = (count: number) => shown(upTo(count)).newest?.find(({ type }) => type === 'plan')?.block_id
    expect(idOf(1)).toBeDefined()
    expect(idOf(5)).toBe(idOf(1))
  })

  it('has a bar below the keys', () => {
    expect(shown(steps.slice(0, 5)).text).toMatch(/keys {2}█+░+ 11\/40/)
  })
})

describe('a run that does not', () => {
  it('marks what failed, and goes on as the run does', () => {
    const steps = seenIn(specOfOne(), clones({ refusedKeys: [sure(keys(40)[9]).handle] }))
    const tasks = tasksOf(steps, 'partial')
    expect(tasks).toContain('! Copy the other keys')
    expect(tasks).toContain('+ List again')
  })

  it('says of what was not begun by the end just that, and leaves nothing in progress', () => {
    const steps = seenIn(specOfOne(), clones(), (done) => done.some(({ plan }) => plan.kind === 'sync-keys'))
    expect(tasksOf(steps, 'partial').slice(3)).toEqual([
      '+ Copy users',
      '+ Copy one key alone',
      '· Not begun: Copy the other keys',
      '+ List again',
    ])
    expect(tasksOf([], 'failed')[0]).toBe('· Not begun: Connect')
  })

  it('does not call what a stopped run will not do any more still to come', () => {
    const steps = seenIn(specOfOne(), clones(), (done) => done.length >= 4)
    const asked = checklistView({
      request: { ...request('running', { spec: specOfOne() }), stopAskedAt: 1 as never },
      steps: steps.slice(0, 4),
    })
    expect(asked.text).toContain('◻️ *Not begun: Copy the other keys*')
    expect(asked.text).toContain('◻️ *List again*')
    const refused = seenIn(
      specOfOne(),
      except(clones(), (plan) => (plan.kind === 'sync-keys' ? nothing('question', 'may-have-written') : undefined)),
    )
    expect(tasksOf(refused.slice(0, 4))).toContain('· Not begun: Copy the other keys')
    expect(tasksOf(refused.slice(0, 4))).toContain('· List again')
  })

  it('counts keys as not done where it was stopped between two batches', () => {
    const steps = seenIn(specOfOne(), clones(), (done) => done.length >= 5)
    expect(tasksOf(steps, 'partial')).toContain('! Copy the other keys')
  })

  it('does not let a step go on for ever whose end never became known', () => {
    const steps = seenIn(specOfOne(), clones())
    const lost = [...steps.slice(0, 4), begun(sure(steps[4]))]
    expect(tasksOf(lost, 'unknown').slice(5)).toEqual(['! Copy the other keys', '· Not begun: List again'])
    expect(shown(lost, 'unknown').text).toContain('⚠️ Copying 10 keys: how it ended is not known')
  })

  it('sends again what proved never to have run, in the same task', () => {
    let refusals = 0
    const answer = except(clones(), (plan) =>
      plan.kind === 'inventory' && refusals++ < 1 ? nothing('not-executed') : undefined,
    )
    const steps = seenIn(specOfOne(), answer)
    expect(tasksOf(steps.slice(0, 2))[1]).toBe('> List users and keys')
    expect(tasksOf(steps, 'succeeded')[1]).toBe('+ List users and keys')
  })
})

describe('first keys that are refused', () => {
  const spec = specOfOne({ reach: 'cluster' })
  const run = (count: number) =>
    seenIn(
      spec,
      honest(
        {
          users: [
            [ADMIN, user('jdoe', { id: 3 })],
            [ADMIN, user('jdoe', { id: 3 })],
          ],
          keys: [keys(count), []],
        },
        { refusedKeys: [sure(keys(count)[0]).handle] },
      ),
    )

  it('are among those that were tried', () => {
    const steps = run(40)
    expect(steps.filter(({ plan }) => plan.kind === 'sync-keys' && plan.canary).length).toBe(2)
    const tasks = tasksOf(steps, 'partial', spec)
    expect(tasks).toContain('! Copy one key alone')
    expect(tasks).toContain('+ Copy the other keys')
  })

  it('leave no others where those were all', () => {
    const tasks = tasksOf(run(2), 'partial', spec)
    expect(tasks.filter((task) => task.includes('other keys'))).toEqual([])
  })
})

it('counts a listing that was refused before the tool was started, and sent again, as done', () => {
  let refusals = 0
  const answer = except(clones(), (plan) =>
    plan.kind === 'inventory' && plan.purpose === 'after' && refusals++ < 1 ? nothing('credentials') : undefined,
  )
  const steps = seenIn(specOfOne(), answer)
  expect(tasksOf(steps, 'succeeded').at(-1)).toBe('+ List again')
})

it('has nothing to copy in a comparison', () => {
  const spec = specOfOne({ mode: 'plan' })
  expect(tasksOf(seenIn(spec, clones()), 'succeeded', spec)).toEqual([
    '+ Connect',
    '+ List users and keys',
    '+ Compare',
  ])
})

it('counts only what was asked for', () => {
  const spec = specOfOne({ scope: { users: { kind: 'all' }, keys: { kind: 'none' } } })
  const { text } = shown(seenIn(spec, clones()), 'succeeded', spec)
  expect(text).toContain('1 user missing')
  expect(text).not.toContain('keys missing')
})
