import { isJson, isJsonList, type Json, parseJson } from '../json.ts'
import { ApiError } from './api-error.ts'
import type { Courier } from './courier.ts'
import { actionOf, type FoundElement, findElement } from './find-element.ts'
import type { Grants } from './manifest.ts'
import { describeView } from './methods/views.ts'
import type { ChannelRecord, Delivery, EphemeralRecord, MessageRecord, ViewRecord } from './records.ts'
import { say } from './response-url.ts'
import { checkValues, inputValues, optionsOf, takeAnswer } from './submission.ts'
import { appId, botUser, describeMessage, type Workspace } from './workspace.ts'

type MessageAddress = { readonly channel: string; readonly ts: string }
export type ClickPayload = MessageAddress & { blockId: string; actionId: string; value?: string }

/** What people do in the workspace: each of these becomes a request to the app. */
export class People {
  readonly #workspace: Workspace
  readonly #grants: Grants
  readonly #courier: Courier
  readonly #origin: string

  constructor(options: { workspace: Workspace; grants: Grants; courier: Courier; origin: string }) {
    this.#workspace = options.workspace
    this.#grants = options.grants
    this.#courier = options.courier
    this.#origin = options.origin
  }

  /** Types a slash command. Throws when Slack would not know it, or the person cannot type there. */
  async command(userId: string, channelId: string, command: string, text: string): Promise<Delivery> {
    if (!this.#grants.hasCommand(command)) throw new Error(`${command} is not a command of this app`)
    const channel = this.#enter(userId, channelId)
    const workspace = this.#workspace
    const delivery = await this.#courier.deliver('command', {
      token: 'deprecated-verification-token',
      team_id: this.#teamOf(userId),
      team_domain: workspace.spec.team.domain,
      channel_id: channelId,
      channel_name: channel.isPrivate ? 'privategroup' : channel.name,
      user_id: userId,
      user_name: this.#nameOf(userId),
      command,
      text: this.#grants.shouldEscape(command) ? escapeText(text) : text,
      api_app_id: appId,
      is_enterprise_install: 'false',
      response_url: this.#responseUrl(channelId, userId),
      trigger_id: workspace.issueTrigger(userId),
    })
    if (delivery.answer !== '') this.#showAck(delivery.answer, { channel: channelId, user: userId })
    return delivery
  }

  /** Chooses a global shortcut of the app. Throws when it has none of that name. */
  async shortcut(userId: string, callbackId: string): Promise<Delivery> {
    if (!this.#grants.hasShortcut(callbackId)) throw new Error(`${callbackId} is not a shortcut of this app`)
    const now = `${Date.now() / 1000}`
    return await this.#interact(userId, { type: 'shortcut', callback_id: callbackId, action_ts: now })
  }

  /** Clicks a button of a message as it is now. Throws when the button is not (any more) there. */
  async click(userId: string, at: MessageAddress, actionId: string): Promise<Delivery> {
    const message = this.#look(userId, at)
    const found = findElement(message.blocks, actionId)
    if (found === undefined) throw new Error(`message ${at.ts} has no ${actionId}: ${JSON.stringify(message.blocks)}`)
    return await this.#act(userId, message, found)
  }

  /** Clicks an old copy: somebody's screen still shows the message as it was. */
  async clickAs(userId: string, payload: ClickPayload): Promise<Delivery> {
    const message = this.#look(userId, payload)
    const element = {
      type: 'button',
      action_id: payload.actionId,
      text: { type: 'plain_text', text: 'old copy' },
      ...(payload.value === undefined ? {} : { value: payload.value }),
    }
    return await this.#act(userId, message, { blockId: payload.blockId, element })
  }

  /** Clicks an element of an open modal. */
  async clickInView(userId: string, view: ViewRecord, actionId: string): Promise<Delivery> {
    const blocks = isJsonList(view.view.blocks) ? view.view.blocks : []
    const found = findElement(blocks, actionId)
    if (found === undefined || view.state !== 'open') throw new Error(`view ${view.id} has no ${actionId}`)
    const described = describeView(this.#workspace, view)
    return await this.#interact(userId, {
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      view: described,
      actions: [actionOf(found, Date.now())],
    })
  }

  /** Chooses an option of a select in an open modal that tells the app so. Throws when there is none. */
  async chooseInView(userId: string, view: ViewRecord, actionId: string, value: string): Promise<Delivery> {
    const blocks = isJsonList(view.view.blocks) ? view.view.blocks : []
    const found = findElement(blocks, actionId)
    const block = blocks.find(({ block_id: id }) => id === found?.blockId)
    const option = found && optionsOf(found.element).find((one) => one.value === value)
    if (found === undefined || option === undefined || block?.dispatch_action !== true || view.state !== 'open')
      throw new Error(`view ${view.id} has no option ${value} to choose in ${actionId}`)
    return await this.#interact(userId, {
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      view: describeView(this.#workspace, view, { [found.blockId]: { [actionId]: selected(found.element, option) } }),
      actions: [{ ...actionOf(found, Date.now()), selected_option: option }],
    })
  }

  /** Presses the submit button of a modal. Throws when the view is not open or has no such inputs. */
  async submitView(
    userId: string,
    view: ViewRecord,
    values: Record<string, Record<string, unknown>>,
  ): Promise<Delivery> {
    if (view.state !== 'open' || view.user !== userId) throw new Error(`view ${view.id} is not open for ${userId}`)
    if (view.view.submit === undefined) throw new Error(`view ${view.id} has no submit button`)
    checkValues(view, values)
    const delivery = await this.#interact(userId, {
      type: 'view_submission',
      view: describeView(this.#workspace, view, inputValues(view, values)),
      response_urls: [],
    })
    takeAnswer(this.#workspace, view, delivery.answer)
    return delivery
  }

  /** Anything the app subscribed to, as the Events API sends it. */
  async event(event: Json & { type: string }): Promise<Delivery> {
    if (!this.#grants.hasEvent(event.type)) throw new Error(`the app is not subscribed to ${event.type}`)
    return await this.#courier.deliver('event', {
      token: 'deprecated-verification-token',
      team_id: this.#workspace.spec.team.id,
      api_app_id: appId,
      event,
      type: 'event_callback',
      event_id: this.#workspace.nextId('Ev'),
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [{ team_id: this.#workspace.spec.team.id, user_id: botUser.id, is_bot: true }],
    })
  }

  // What an app answers to a command is shown to the person, as text or as a message in JSON.
  #showAck(answer: string, at: { channel: string; user: string }): void {
    const parsed = parseJson(answer)
    const body = isJson(parsed) ? parsed : { text: typeof parsed === 'string' ? parsed : answer }
    try {
      say(this.#workspace, { body, ...at, source: 'ack' })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#workspace.report(`ack of a command: ${error.code} ${error.details.join(' ')}`)
    }
  }

  async #act(userId: string, message: MessageRecord | EphemeralRecord, found: FoundElement): Promise<Delivery> {
    const isEphemeral = 'source' in message
    const channel = this.#enter(userId, message.channel)
    const thread = message.threadTs === undefined ? {} : { thread_ts: message.threadTs }
    const delivery = await this.#interact(userId, {
      type: 'block_actions',
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: isEphemeral,
        ...thread,
      },
      channel: { id: channel.id, name: channel.isPrivate ? 'privategroup' : channel.name },
      // Slack does not send the content of an ephemeral message back.
      ...(isEphemeral ? {} : { message: describeMessage(message) }),
      state: { values: {} },
      response_url: this.#responseUrl(message.channel, userId, message),
      actions: [actionOf(found, Date.now())],
    })
    if (delivery.answer !== '') this.#workspace.report('the ack of a click must be empty')
    return delivery
  }

  async #interact(userId: string, payload: Json): Promise<Delivery> {
    if (!this.#grants.interactive) throw new Error('interactivity is not enabled in the manifest')
    const teamId = this.#teamOf(userId)
    return await this.#courier.deliver('interaction', {
      user: { id: userId, username: this.#nameOf(userId), name: this.#nameOf(userId), team_id: teamId },
      api_app_id: appId,
      token: 'deprecated-verification-token',
      trigger_id: this.#workspace.issueTrigger(userId),
      team: { id: this.#workspace.spec.team.id, domain: this.#workspace.spec.team.domain },
      enterprise: null,
      is_enterprise_install: false,
      ...payload,
    })
  }

  #look(userId: string, at: MessageAddress): MessageRecord | EphemeralRecord {
    const ephemeral = this.#workspace.ephemerals.find(
      (candidate) => candidate.channel === at.channel && candidate.ts === at.ts && !candidate.deleted,
    )
    if (ephemeral !== undefined && ephemeral.user !== userId) throw new Error(`${userId} does not see message ${at.ts}`)
    const message = ephemeral ?? this.#workspace.message(at.channel, at.ts)
    if (message === undefined) throw new Error(`no message ${at.ts} in ${at.channel}`)
    return message
  }

  #enter(userId: string, channelId: string): ChannelRecord {
    const channel = this.#workspace.channels.get(channelId)
    if (channel === undefined || !channel.members.has(userId)) throw new Error(`${userId} is not in ${channelId}`)
    return channel
  }

  #responseUrl(channel: string, user: string, original?: MessageRecord | EphemeralRecord): string {
    return `${this.#origin}/response/${this.#workspace.issueResponseUrl(channel, user, original)}`
  }

  #nameOf(userId: string): string {
    const user = this.#workspace.users.get(userId)
    if (user === undefined) throw new Error(`nobody is called ${userId}`)
    return user.name
  }

  #teamOf(userId: string): string {
    return this.#workspace.users.get(userId)?.teamId ?? this.#workspace.spec.team.id
  }
}

function selected({ type }: Json, option: Json): Json {
  return { type, selected_option: option }
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
