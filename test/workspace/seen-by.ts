import { parse } from 'yaml'
import type { Stage } from '../harness/stage.ts'
import { isJson, isJsonList, type Json, textAt } from '../simulator/json.ts'
import type { EphemeralRecord, MessageRecord, ViewRecord } from '../simulator/slack/records.ts'
import type { Cluster } from '../simulator/world/world-state.ts'
import { people } from '../simulator/worlds.ts'
import type { Levers } from './levers.ts'
import type { Block, HsmRow, Seen, ShownCommand, ShownMessage, ShownPerson, ShownView, ShownWorld } from './seen.ts'

const PARTS: readonly (readonly [string, string])[] = [
  [people.requester, 'asks'],
  [people.approver, 'approver'],
  [people.secondApprover, 'approver'],
  [people.groupApprover, 'approver by user group'],
  [people.outsider, 'outsider'],
  [people.guest, 'guest'],
]
const SIDES = [
  { alias: 'prod-us', clusterId: 'cluster-2abcdefghij' },
  { alias: 'prod-eu', clusterId: 'cluster-7klmnopqrst' },
] as const

/** What the manifest gives people to choose from. */
export interface Menu {
  readonly commands: readonly ShownCommand[]
  readonly shortcuts: Seen['shortcuts']
}

export function menuOf(manifest: string): Menu {
  const { features }: { features: { slash_commands: Json[]; shortcuts: Json[] } } = parse(manifest)
  return {
    commands: features.slash_commands.map((one) => ({
      command: textAt(one, 'command') ?? '',
      hint: textAt(one, 'usage_hint') ?? '',
      description: textAt(one, 'description') ?? '',
    })),
    shortcuts: features.shortcuts.map((one) => ({
      name: textAt(one, 'name') ?? '',
      callbackId: textAt(one, 'callback_id') ?? '',
    })),
  }
}

/** Everything that this person sees now. */
export function seenBy(userId: string, { stage, levers, menu }: { stage: Stage; levers: Levers; menu: Menu }): Seen {
  const { slack, world } = stage.simulator
  const all = PARTS.map(([id, part]): ShownPerson => ({ id, part, name: slack.workspace.users.get(id)?.name ?? id }))
  const person = all.find(({ id }) => id === userId) ?? all[0]
  if (!person) throw new Error('there is nobody')
  const own = slack.ephemerals(person.id).filter(({ deleted }) => !deleted)
  const channels = [...slack.workspace.channels.values()].filter(({ members }) => members.has(person.id))
  const home = slack.workspace.homes.get(person.id)
  const view = slack.views(person.id).findLast(({ state }) => state === 'open')
  return {
    person,
    people: all,
    userGroups: slack.workspace.spec.userGroups.map(({ id, handle }) => ({ id, name: handle })),
    channels: channels.map(({ id, name, isDirect, messages }) => ({
      id,
      name: isDirect ? 'hsm-sync' : name,
      isDirect: isDirect === true,
      messages: [
        ...messages.filter(({ deleted }) => !deleted).map(shownMessage),
        ...own.filter(({ channel, threadTs }) => channel === id && threadTs === undefined).map(shownPrivately),
      ].toSorted((a, b) => orderOf(a) - orderOf(b)),
    })),
    view: view && shownView(view),
    home: home && blocksOf(home.blocks),
    ...menu,
    world: shownWorld(world.peek().clusters),
    levers: levers.shown(),
    bot: levers.bot(),
    violations: stage.simulator.violations(),
  }
}

// The simulator numbers everything it posts: seconds, a dot, the number.
function orderOf({ ts }: ShownMessage): number {
  return Number(ts.split('.')[1] ?? 0)
}

function shownMessage({ ts, text, blocks, files, edits, thread }: MessageRecord): ShownMessage {
  return {
    ts,
    text,
    blocks: blocksOf(blocks),
    files: files.map(({ id, name, title, content }) => ({ id, name, title, content })),
    isEdited: edits.length > 0,
    isPrivate: false,
    thread: thread.filter(({ deleted }) => !deleted).map(shownMessage),
  }
}

function shownPrivately({ ts, text, blocks, edits }: EphemeralRecord): ShownMessage {
  return { ts, text, blocks: blocksOf(blocks), files: [], isEdited: edits.length > 0, isPrivate: true, thread: [] }
}

function blocksOf(blocks: unknown): readonly Block[] {
  return isJsonList(blocks) ? blocks.map((block) => ({ ...block, type: textAt(block, 'type') ?? '' })) : []
}

function shownView({ id, view, errors = {} }: ViewRecord): ShownView {
  const label = (name: string) => (isJson(view[name]) ? textAt(view[name], 'text') : undefined)
  return {
    id,
    title: label('title') ?? '',
    submit: label('submit'),
    close: label('close') ?? 'Close',
    blocks: blocksOf(view.blocks),
    errors,
  }
}

function shownWorld(clusters: readonly Cluster[]): ShownWorld {
  const now = Date.now()
  const sides = SIDES.flatMap(({ alias, clusterId }) => {
    const found = clusters.find((cluster) => cluster.clusterId === clusterId)
    return found ? [{ alias, state: found.state, hsms: found.hsms }] : []
  })
  const rows = (list: (hsm: Cluster['hsms'][number]) => readonly (readonly [string, string])[]): readonly HsmRow[] => {
    const held = sides.map(({ hsms }) => hsms.map((hsm) => new Map(list(hsm))))
    const names = new Map(held.flat().flatMap((one) => [...one]))
    return [...names]
      .map(([name, about]) => ({ name, about, isThere: held.map((side) => side.map((one) => one.has(name))) }))
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  }
  return {
    clusters: sides.map(({ alias, state, hsms }) => ({ alias, state, hsms: hsms.map(({ hsmId }) => hsmId) })),
    users: rows(({ users }) =>
      users
        .filter(({ type }) => type !== 'AU')
        .map(({ name, type }) => [name, type === 'CU' ? 'crypto user' : 'crypto officer']),
    ),
    keys: rows(({ keys }) =>
      keys
        .filter(({ visibleAt = 0 }) => visibleAt <= now)
        .map(({ handle, owner, label }) => [`${handle}`, `${label}, ${owner}`]),
    ),
  }
}
