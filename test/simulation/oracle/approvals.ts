import { createHash } from 'node:crypto'
import type { Asked, Clicked, Crowd } from '../crowd.ts'
import { EVERYBODY } from '../slack/people.ts'
import type { Stage } from '../stage.ts'
import { deedsOf, told } from './operations.ts'
import { type RequestDoc, type SelectionDoc, stepsOf } from './records.ts'

/** Nothing is written that was not approved by enough of the right people: direction, mode, scope and digest. */
export function judgeApprovals(stage: Stage, crowd: Crowd, requests: readonly RequestDoc[]): string[] {
  const violations: string[] = []
  for (const deed of stage.hsms.deeds) {
    const [id] = deed.operation?.split('.') ?? []
    if (id !== undefined && !stage.broken.has(id) && !requests.some((request) => request.id === id))
      violations.push(`no request is stored for what happened: ${told(deed)}`)
  }
  for (const request of requests) {
    if (request.isWatch) continue
    const asked = crowd.asked.find(
      ({ reason, by, at }) => reason === request.reason && by === request.requestedBy && at <= request.requestedAt,
    )
    if (!asked) violations.push(`request ${request.id} was asked by nobody`)
    else
      violations.push(
        ...judgeRequest(stage, crowd, request, asked).map((problem) => `request ${request.id}: ${problem}`),
      )
  }
  return violations
}

function judgeRequest(stage: Stage, crowd: Crowd, request: RequestDoc, asked: Asked): string[] {
  const digest = digestOf(request.spec)
  if (digest !== request.digest) return ['its digest is not that of its spec']
  const violations: string[] = []
  const writes = deedsOf(stage.hsms.deeds, request.id).filter(({ did }) => did === 'user' || did === 'key')
  const [first] = writes
  const could = EVERYBODY.filter(
    (person) => person !== request.requestedBy && stage.people.mightDecide(person, asked.at, request.requestedAt),
  )
  if (could.length < asked.route.required)
    violations.push(`it was filed, and ${could.length} of ${asked.route.required} people could approve it`)
  const approvers = approversOf(stage, crowd, request, digest)
  const isApproved = request.approvedAt !== undefined
  const { required } = asked.route
  if (isApproved && approvers.size < required)
    violations.push(
      `it counts as approved with ${approvers.size} of ${required} right approvals (${[...approvers].join(', ')})`,
    )
  if (request.approvedAt !== undefined && request.approvedAt >= request.expiresAt)
    violations.push('it was approved after it had expired')
  if (request.startedAt !== undefined && request.startedAt < Number(request.approvedAt))
    violations.push('it began before it was approved')
  if (first && !isApproved) violations.push(`nobody had approved it, but ${told(first)}`)
  if (first && asked.mode !== 'sync') violations.push(`it was to compare only, but ${told(first)}`)
  const { clusterId } = asked.route.destination
  const destination = stage.hsms.cluster(clusterId)
  for (const deed of writes) {
    if (request.approvedAt !== undefined && deed.at < request.approvedAt)
      violations.push(`before the approval ${told(deed)}`)
    if (!('hsm' in deed)) continue
    if (!destination?.hsms.some(({ hsmId }) => hsmId === deed.hsm))
      violations.push(`not on the approved destination: ${told(deed)}`)
    if (!request.spec.destination.hsms.some(({ hsmId }) => hsmId === deed.hsm))
      violations.push(`not on an approved HSM: ${told(deed)}`)
    if (deed.did === 'user' && !covers(asked.scope.users, deed.name)) violations.push(`out of scope: ${told(deed)}`)
    // A tool that makes other handles than it is told is a fault of the tool: the bot has to see it, it cannot prevent
    // it.
    if (deed.did === 'key' && !stage.weather.faults.has('tool') && !covers(asked.scope.keys, deed.handle))
      violations.push(`out of scope: ${told(deed)}`)
  }
  violations.push(...judgeStart(stage, request), ...judgeStop(stage, crowd, request))
  return violations
}

/** After the requester asked a run to stop, nothing more is planned that writes. */
function judgeStop(stage: Stage, crowd: Crowd, { id }: RequestDoc): string[] {
  const stop = crowd.clicked.find(
    ({ verdict, request, answer }) =>
      verdict === 'withdraw' && request === id && answer && 'state' in answer && answer.state === 'running',
  )
  if (!stop) return []
  return stepsOf(stage, id).flatMap(({ n, plannedAt }) => {
    if (plannedAt <= stop.to) return []
    const write = stage.hsms.deeds.find(
      ({ operation, did }) => operation === `${id}.${n}` && (did === 'user' || did === 'key'),
    )
    return write ? [`it was asked to stop before it planned that ${told(write)}`] : []
  })
}

/** What was approved must have been what there was, at some moment between approval and start. */
function judgeStart({ hsms }: Stage, { spec, approvedAt, startedAt, state, outcome }: RequestDoc): string[] {
  if (approvedAt === undefined || startedAt === undefined) return []
  // Ended without a first look: it never started.
  if (state === 'failed' && outcome?.stop?.code === 'could-not-check') return []
  const wanted = layoutOf(spec)
  const fits = hsms.layouts.some(({ from, layout }, at) => {
    const until = hsms.layouts[at + 1]?.from ?? Number.MAX_SAFE_INTEGER
    return until > approvedAt && from <= startedAt && isLike(layout, wanted)
  })
  return fits ? [] : ['it began, although what was approved was not there at any moment since the approval']
}

interface Layout {
  readonly destination: string
  readonly hsms: string
  readonly sourceHsm: string
  readonly source: string
  readonly baseConfig: string
}

function layoutOf({ source, destination, baseConfig }: RequestDoc['spec']): Layout {
  const hsms = destination.hsms.map(({ hsmId, ip }) => `${hsmId} ${ip}`).sort()
  return {
    destination: destination.clusterId,
    hsms: hsms.join(),
    source: source.clusterId,
    sourceHsm: `${source.hsm.hsmId} ${source.hsm.ip}`,
    baseConfig,
  }
}

function isLike(layout: string, wanted: Layout): boolean {
  const {
    shown,
    baseConfig,
  }: { readonly shown: readonly [string, string, readonly string[]][]; readonly baseConfig: string } =
    JSON.parse(layout)
  const activeIn = (id: string) =>
    (shown.find(([clusterId]) => clusterId === id)?.[2] ?? [])
      .filter((words) => words.endsWith(' ACTIVE'))
      .map((words) => words.slice(0, -' ACTIVE'.length))
  const isActive = [wanted.source, wanted.destination].every((id) =>
    shown.some(([clusterId, state]) => clusterId === id && state === 'ACTIVE'),
  )
  return (
    isActive &&
    activeIn(wanted.destination).join() === wanted.hsms &&
    activeIn(wanted.source).includes(wanted.sourceHsm) &&
    (wanted.baseConfig === '' || wanted.baseConfig === baseConfig)
  )
}

/** Who approved it, by what really happened: the right people, at the moment of the click, on what they were shown. */
function approversOf(stage: Stage, crowd: Crowd, request: RequestDoc, digest: string): ReadonlySet<string> {
  const counts = ({ by, verdict, request: id, shown, from, to, answer }: Clicked) =>
    verdict === 'approve' &&
    id === request.id &&
    !(answer && 'refused' in answer) &&
    digest.startsWith(shown.digest ?? 'none') &&
    by !== request.requestedBy &&
    from < request.expiresAt &&
    stage.people.mightDecide(by, from, to)
  return new Set(crowd.clicked.filter(counts).map(({ by }) => by))
}

export function covers(
  selection: SelectionDoc | { readonly kind: string; readonly items?: readonly (string | number)[] },
  item: string | number,
): boolean {
  if (selection.kind === 'listed') return (selection.items ?? []).includes(item)
  return selection.kind === 'all'
}

/** SHA-256 over JSON with sorted keys: written here once more, so that the product's own cannot hide a mistake. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}
