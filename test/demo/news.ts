import type { Json } from '../simulator/json.ts'
import type { EphemeralRecord, FileRecord, MessageRecord, ViewRecord } from '../simulator/slack/records.ts'

/** One state of something people see. */
export interface Shown {
  readonly text: string
  readonly blocks: readonly Json[]
}

/** Something new in the workspace. */
export type News =
  | { readonly kind: 'posted'; readonly id: string; readonly message: MessageRecord; readonly shown: Shown }
  | {
      readonly kind: 'changed'
      readonly id: string
      readonly message: MessageRecord
      readonly before: Shown
      readonly shown: Shown
    }
  | { readonly kind: 'file'; readonly id: string; readonly message: MessageRecord; readonly file: FileRecord }
  | { readonly kind: 'whispered'; readonly id: string; readonly whisper: EphemeralRecord; readonly shown: Shown }
  | { readonly kind: 'modal'; readonly id: string; readonly view: ViewRecord }

export interface Workspace {
  readonly messages: readonly MessageRecord[]
  readonly whispers: readonly EphemeralRecord[]
  readonly views: readonly ViewRecord[]
}

/** How many versions of each thing have been told. */
export type Told = ReadonlyMap<string, number>

/**
 * What has happened since, in the order it happened as far as Slack's time stamps tell; and what has been told then.
 */
export function newsSince(told: Told, workspace: Workspace): { readonly news: readonly News[]; readonly told: Told } {
  const all = [
    ...workspace.messages.flatMap((message) => [message, ...message.thread]).map(messageNews),
    ...workspace.whispers.map(whisperNews),
    ...workspace.views.map(viewNews),
  ]
  const fresh = all.flatMap(({ id, order, versions }) => {
    const from = told.get(id) ?? 0
    // The bot paints a thread from the top: a change stands where its message stands.
    return versions.slice(from).map((version) => ({ version, order }))
  })
  fresh.sort((a, b) => a.order - b.order)
  return {
    news: fresh.map(({ version }) => version),
    told: new Map(all.map(({ id, versions }) => [id, versions.length])),
  }
}

interface History {
  readonly id: string
  readonly order: number
  readonly versions: readonly News[]
}

function messageNews(message: MessageRecord): History {
  const id = `${message.channel}/${message.ts}`
  const states: Shown[] = [...message.edits, { text: message.text, blocks: message.blocks }]
  const versions = states.map((shown, at): News => {
    const before = states[at - 1]
    return before ? { kind: 'changed', id, message, before, shown } : { kind: 'posted', id, message, shown }
  })
  const [file] = message.files
  return { id, order: orderOf(message.ts), versions: file ? [{ kind: 'file', id, message, file }] : versions }
}

function whisperNews(whisper: EphemeralRecord): History {
  const states: Shown[] = [...whisper.edits, { text: whisper.text, blocks: whisper.blocks }]
  const id = `${whisper.channel}/${whisper.ts}`
  return {
    id,
    order: orderOf(whisper.ts),
    versions: states.map((shown) => ({ kind: 'whispered', id, whisper, shown })),
  }
}

function viewNews(view: ViewRecord): History {
  return { id: view.id, order: Number.MAX_SAFE_INTEGER, versions: [{ kind: 'modal', id: view.id, view }] }
}

// The simulator numbers everything it posts: seconds, a dot, the number.
function orderOf(ts: string): number {
  return Number(ts.split('.')[1] ?? 0)
}
