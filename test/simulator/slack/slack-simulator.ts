import { close } from '../http.ts'
import type { SlackSpec } from '../world/world-spec.ts'
import { Courier } from './courier.ts'
import { allGrants, readManifest } from './manifest.ts'
import { type ClickPayload, People } from './people.ts'
import type { ApiCall, ChannelRecord, Delivery, EphemeralRecord, MessageRecord, ViewRecord } from './records.ts'
import { type SlackFaultRule, serveSlack } from './server.ts'
import { createSocketMode, type SocketMode } from './socket-mode.ts'
import { tokens } from './web-api.ts'
import { Workspace } from './workspace.ts'

export interface SlackSimulator
  extends Pick<People, 'command' | 'click' | 'clickAs' | 'clickInView' | 'chooseInView' | 'submitView' | 'event'> {
  /** Ends with `/api/`. */
  readonly apiUrl: string
  readonly workspace: Workspace
  readonly sockets: Pick<SocketMode, 'connections' | 'disconnect'>
  readonly calls: ApiCall[]
  readonly violations: string[]
  /** HTTP mode: where the bot listens, `http://127.0.0.1:PORT/slack/events`. */
  connectTo(eventsUrl: string): void
  replay(delivery: Delivery, options?: { timestamp?: number; headers?: Record<string, string> }): Promise<Delivery>
  channel(id: string): ChannelRecord
  /** Top-level messages that have not been deleted, oldest first. */
  messages(channelId: string): MessageRecord[]
  /** Replies that have not been deleted, oldest first. */
  thread(channelId: string, ts: string): MessageRecord[]
  /** What the bot wrote to one person directly, oldest first. */
  directMessages(userId: string): MessageRecord[]
  shortcut(userId: string, callbackId: string): Promise<Delivery>
  ephemerals(userId?: string): EphemeralRecord[]
  views(userId: string): ViewRecord[]
  /** An admin removes a message. */
  deleteMessage(channel: string, ts: string): void
  fault(rule: SlackFaultRule): void
  clearFaults(): void
  environment(socketMode: boolean): Record<string, string>
  stop(): Promise<void>
}

/** Starts one workspace with one installed app. */
export async function startSlack(options: { spec: SlackSpec; manifest?: string }): Promise<SlackSimulator> {
  const workspace = new Workspace(options.spec)
  const grants = options.manifest === undefined ? allGrants : readManifest(options.manifest)
  const report = (violation: string) => workspace.report(violation)
  const sockets = createSocketMode(report)
  const { server, origin, calls, faults } = await serveSlack({ workspace, grants, openSocket: sockets.openSocket })
  sockets.attach(server)
  const courier = new Courier(sockets, report)
  const people = new People({ workspace, grants, courier, origin })
  const channel = (id: string) => {
    const found = workspace.channels.get(id)
    if (found === undefined) throw new Error(`no channel ${id} in this workspace`)
    return found
  }

  return {
    apiUrl: `${origin}/api/`,
    workspace,
    sockets,
    calls,
    violations: workspace.violations,
    connectTo: (url) => courier.connectTo(url),
    command: (...args) => people.command(...args),
    click: (...args) => people.click(...args),
    clickAs: (userId: string, payload: ClickPayload) => people.clickAs(userId, payload),
    clickInView: (...args) => people.clickInView(...args),
    chooseInView: (...args) => people.chooseInView(...args),
    submitView: (...args) => people.submitView(...args),
    event: (event) => people.event(event),
    shortcut: (...args) => people.shortcut(...args),
    replay: (delivery, replayOptions) => courier.replay(delivery, replayOptions),
    channel,
    messages: (id) => channel(id).messages.filter((message) => !message.deleted),
    thread: (id, ts) => {
      const parent = channel(id).messages.find((message) => message.ts === ts)
      return (parent?.thread ?? []).filter((message) => !message.deleted)
    },
    directMessages: (userId) => workspace.directMessages(userId).messages,
    ephemerals: (userId) => workspace.ephemerals.filter((entry) => userId === undefined || entry.user === userId),
    views: (userId) => workspace.views.filter((view) => view.user === userId),
    deleteMessage(channelId, ts) {
      const message = workspace.message(channelId, ts)
      if (message === undefined) throw new Error(`no message ${ts} in ${channelId}`)
      message.deleted = true
    },
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    environment: (socketMode) => ({
      SLACK_BOT_TOKEN: tokens.bot,
      SLACK_SIGNING_SECRET: tokens.signingSecret,
      SLACK_API_URL: `${origin}/api/`,
      ...(socketMode ? { SLACK_APP_TOKEN: tokens.app } : {}),
    }),
    async stop() {
      sockets.stop()
      await close(server)
    },
  }
}
