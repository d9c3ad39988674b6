import { randomBytes } from 'node:crypto'
import { isJson, type Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { type Method, type MethodContext, optional, required } from '../method.ts'
import type { ViewRecord } from '../records.ts'
import { acceptView } from '../rules/view.ts'
import { appId, botUser, type Workspace } from '../workspace.ts'

// Slack shows at most three views on top of each other.
const stackLimit = 3

export const viewMethods: Record<string, Method> = {
  'views.open': { run: open },
  'views.push': { run: push },
  'views.update': { run: update },
  'views.publish': { run: publish },
}

function open(args: Json, { workspace }: MethodContext): Json {
  const view = acceptView(args.view, () => workspace.nextId('blk'))
  const user = workspace.useTrigger(required(args, 'trigger_id'))
  for (const old of openViews(workspace, user)) old.state = 'closed'
  return { view: describeView(workspace, addView(workspace, { user, view })) }
}

function push(args: Json, { workspace }: MethodContext): Json {
  const view = acceptView(args.view, () => workspace.nextId('blk'))
  const user = workspace.useTrigger(required(args, 'trigger_id'))
  if (openViews(workspace, user).length >= stackLimit) throw new ApiError('push_limit_reached')
  return { view: describeView(workspace, addView(workspace, { user, view })) }
}

function update(args: Json, { workspace }: MethodContext): Json {
  const id = optional(args, 'view_id')
  const externalId = optional(args, 'external_id')
  const record = workspace.views.find((view) => view.id === id || (externalId && view.view.external_id === externalId))
  if (record === undefined || record.state !== 'open') throw new ApiError('not_found')
  const hash = optional(args, 'hash')
  if (hash !== undefined && hash !== record.hash) throw new ApiError('hash_conflict')
  changeView(
    record,
    acceptView(args.view, () => workspace.nextId('blk')),
  )
  return { view: describeView(workspace, record) }
}

function publish(args: Json, { workspace }: MethodContext): Json {
  const user = required(args, 'user_id')
  if (!workspace.users.has(user)) throw new ApiError('invalid_arguments', 'no such user')
  const view = acceptView(args.view, () => workspace.nextId('blk'), 'home')
  workspace.homes.set(user, view)
  return {
    view: describeView(workspace, { id: workspace.nextId('V'), user, view, hash: newHash(), state: 'open', edits: [] }),
  }
}

/** Opens a view for a person. */
export function addView(workspace: Workspace, { user, view }: { user: string; view: Json }): ViewRecord {
  const record: ViewRecord = { id: workspace.nextId('V'), user, view, hash: newHash(), state: 'open', edits: [] }
  workspace.views.push(record)
  return record
}

export function changeView(record: ViewRecord, view: Json): void {
  record.edits.push(record.view)
  record.view = view
  record.hash = newHash()
}

/** A view as Slack sends it back. */
export function describeView(workspace: Workspace, record: ViewRecord, values: Json = {}): Json {
  return {
    id: record.id,
    team_id: workspace.spec.team.id,
    callback_id: '',
    private_metadata: '',
    external_id: '',
    ...record.view,
    state: { values },
    hash: record.hash,
    root_view_id: record.id,
    previous_view_id: null,
    app_id: appId,
    app_installed_team_id: workspace.spec.team.id,
    bot_id: botUser.botId,
    ...(isJson(record.view.submit) ? {} : { submit: null }),
  }
}

function openViews(workspace: Workspace, user: string): ViewRecord[] {
  return workspace.views.filter((view) => view.user === user && view.state === 'open')
}

function newHash(): string {
  return `${Math.floor(Date.now() / 1000)}.${randomBytes(4).toString('hex')}`
}
