import { diffOf, type SeenStep } from '../../../application/run-view.ts'
import type { Diff } from '../../../domain/diff.ts'
import { userKey } from '../../../domain/inventory.ts'
import type { Spec } from '../../../domain/spec.ts'
import { isWrite } from '../../../domain/step.ts'
import { chunks, type Message, section, TEXT_LIMIT } from './blocks.ts'
import { plan, type Task, type TaskStatus } from './newest-blocks.ts'
import { progressText } from './progress.ts'
import { type ShownRun, stepLine, stepText } from './steps.ts'
import { count, cut } from './text.ts'

const TITLES = {
  connect: 'Connect, without login',
  list: 'List users and keys',
  compare: 'Compare',
  copy: 'Copy what is missing, then list again',
  users: 'Copy users',
  'first-key': 'Copy one key alone, to see its effect',
  keys: 'Copy the other keys',
  'look-again': 'Look again, without login',
  'list-again': 'List again',
} as const
type Phase = keyof typeof TITLES

const ORDER = Object.keys(TITLES)
const SIGNS: Readonly<Record<TaskStatus, string>> = { pending: '◻️', in_progress: '⏳', complete: '✔️', error: '⚠️' }
/** Steps of one task that are shown; of keys, whose batches are many, only the last. */
const SHOWN_STEPS = 5
/** Characters of a task's lines: nine tasks go into one message. */
const TASK_LIMIT = 800

/**
 * The run as a list to be ticked off: what was done, is done now, is still to come. A task is ticked by what its steps
 * were found to say; one that was never planned by the end did not begin.
 */
export function checklistView(run: ShownRun & { readonly request: { readonly id: string } }): Message {
  const { request, steps } = run
  const { source, destination } = request.spec
  const tasks = tasksOf(run)
  const done = tasks.filter(({ status }) => status === 'complete').length
  const over = request.state === 'running' ? '' : ' is over'
  const title = `Run of ${source.alias} → ${destination.alias}${over}, ${done} of ${tasks.length} done`
  const lines = tasks.flatMap(({ title: name, status, lines: said, bar }) => [
    `${SIGNS[status]} *${name}*`,
    ...said,
    ...(bar === undefined ? [] : [`\`\`\`${bar}\`\`\``]),
  ])
  const now = steps.at(-1)
  // A plan may be folded: what is going on stands above it.
  const lead =
    request.state !== 'running'
      ? undefined
      : now
        ? stepLine(run, now)
        : '▶️ Checked again: exactly what was approved. The run begins.'
  const above = lead === undefined ? [] : [section(lead)]
  return {
    text: cut([title, ...(now ? [] : [lead ?? '']), ...lines].filter((line) => line !== '').join('\n'), TEXT_LIMIT),
    blocks: [...(now ? [] : above), ...chunks([`*${title}*`, ...lines], 2800).map(section)],
    newest: [...above, plan(`run:${request.id}`, title, now?.reading ? tasks : tasks.map(withoutNow))],
  }
}

/** What goes on is said above the plan already. */
function withoutNow(task: Task): Task {
  return task.status === 'in_progress' ? { ...task, lines: task.lines.slice(0, -1) } : task
}

function tasksOf(run: ShownRun): readonly Task[] {
  const { request, steps } = run
  const diff = diffOf(request.spec, steps)
  const tried = triedIn(steps)
  const begun = new Map<Phase, SeenStep[]>()
  for (const step of steps) {
    const phase = phaseOf(step, steps)
    begun.set(phase, [...(begun.get(phase) ?? []), step])
  }
  const isRunning = request.state === 'running'
  const isStopped = request.stopAskedAt !== undefined || steps.some((step) => stepText(run, step).mood === 'stopped')
  // What was written is listed again all the same.
  const isChecked = steps.some((step) => isWrite(step.plan))
  const phases = new Set<Phase>([...expected(run, diff, tried), ...begun.keys()])
  return [...phases]
    .toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map((phase) => {
      if (phase === 'compare' && diff)
        return { id: phase, title: TITLES[phase], status: 'complete', lines: [comparedText(request.spec, diff)] }
      const own = begun.get(phase)
      if (own) return taskOf(run, diff, { phase, own, tried })
      const isToCome = isRunning && (!isStopped || (phase === 'list-again' && isChecked))
      return {
        id: phase,
        title: isToCome ? TITLES[phase] : `Not begun: ${TITLES[phase]}`,
        status: 'pending',
        lines: [],
      }
    })
}

/** What a run of this kind does, as far as it is known yet. */
function expected({ request: { spec } }: ShownRun, diff: Diff | undefined, tried: Tried): readonly Phase[] {
  const always = ['connect', 'list', 'compare'] as const
  if (spec.mode === 'plan') return always
  if (!diff) return [...always, 'copy']
  const users = diff.users.some(({ missing }) => missing.length > 0)
  const keys = diff.keys.missing.length
  // A first key that is refused is followed by another one alone.
  const others = keys - Math.max(1, tried.alone)
  return [
    ...always,
    ...(users ? (['users'] as const) : []),
    ...(keys > 0 ? (['first-key'] as const) : []),
    ...(others > 0 ? (['keys'] as const) : []),
    ...(users || keys > 0 ? (['list-again'] as const) : []),
  ]
}

function phaseOf(step: SeenStep, steps: readonly SeenStep[]): Phase {
  switch (step.plan.kind) {
    case 'inspect':
      return steps.some((other) => other.n < step.n && isWrite(other.plan)) ? 'look-again' : 'connect'
    case 'inventory':
      return step.plan.purpose === 'before' ? 'list' : 'list-again'
    case 'sync-users':
      return 'users'
    case 'sync-keys':
      return step.plan.canary ? 'first-key' : 'keys'
    default:
      return step.plan satisfies never
  }
}

/** How many a run has tried so far, whatever came of it: users to each server; keys; keys each alone. */
interface Tried {
  readonly users: number
  readonly keys: number
  readonly alone: number
}

function triedIn(steps: readonly SeenStep[]): Tried {
  const sum = (fits: (plan: SeenStep['plan']) => boolean) =>
    steps.reduce((tried, { plan, reading }) => {
      const isWritten = reading?.kind === 'users-synced' || reading?.kind === 'keys-synced'
      return tried + (isWritten && fits(plan) ? reading.attempts.length : 0)
    }, 0)
  return {
    users: sum(({ kind }) => kind === 'sync-users'),
    keys: sum(({ kind }) => kind === 'sync-keys'),
    alone: sum((plan) => plan.kind === 'sync-keys' && plan.canary !== undefined),
  }
}

interface Begun {
  readonly phase: Phase
  readonly tried: Tried
  readonly own: readonly SeenStep[]
}

function taskOf(run: ShownRun, diff: Diff | undefined, begun: Begun): Task {
  const { phase, own } = begun
  const isLast = own.at(-1) === run.steps.at(-1)
  const moods = own.map((step) => stepText(run, step).mood)
  const isGoing = run.request.state === 'running' && isLast
  const isBad = moods.some((mood) => mood === 'bad' || mood === 'stopped' || mood === 'lost')
  const isWhole = moods.at(-1) === 'good' && isAll(diff, begun)
  const status = isBad ? 'error' : isWhole ? 'complete' : isGoing ? 'in_progress' : 'error'
  const shown = own.slice(phase === 'keys' ? -1 : -SHOWN_STEPS)
  const before = phase === 'keys' ? 0 : own.length - shown.length
  const bar = phase === 'keys' && diff ? progressText(diff, run) : undefined
  return {
    id: phase,
    title: TITLES[phase],
    status,
    lines: [
      ...(before > 0 ? [`… and ${count(before, 'step')} before`] : []),
      ...shown.map((step) => cut(lineOf(run, step), Math.floor(TASK_LIMIT / shown.length))),
    ],
    ...(bar === undefined ? {} : { bar }),
  }
}

/** A sign only where it says more than the task's own. */
function lineOf(run: ShownRun, step: SeenStep): string {
  const { mood, text } = stepText(run, step)
  return mood === 'going' || mood === 'good' ? text : stepLine(run, step)
}

/** Is everything that the task is about in its steps? */
function isAll(diff: Diff | undefined, { phase, own, tried }: Begun): boolean {
  const last = own.at(-1)?.plan
  switch (phase) {
    case 'list':
      return diff !== undefined
    case 'users':
      return diff !== undefined && tried.users >= diff.users.reduce((sum, { missing }) => sum + missing.length, 0)
    case 'keys':
      return diff !== undefined && tried.keys >= diff.keys.missing.length
    case 'list-again':
      return last?.kind === 'inventory' && (last.part === undefined || last.part.n === last.part.of)
    default:
      return true
  }
}

function comparedText({ scope }: Spec, diff: Diff): string {
  const users = new Set(diff.users.flatMap(({ missing }) => missing.map(userKey))).size
  const { missing, conflicts, blocked } = diff.keys
  const found = [
    ...(scope.users.kind === 'none' ? [] : [`${count(users, 'user')} missing`]),
    ...(scope.keys.kind === 'none' ? [] : [`${count(missing.length, 'key')} missing`]),
    ...(blocked.length > 0 ? [`${count(blocked.length, 'key')} blocked`] : []),
  ]
  const differing = diff.userConflicts.length + conflicts.length
  return [...found, ...(differing > 0 ? [count(differing, 'conflict')] : [])].join(', ')
}
