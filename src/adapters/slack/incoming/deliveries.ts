import type {
  BlockAction,
  ButtonAction,
  GlobalShortcut,
  SlashCommand,
  StaticSelectAction,
  ViewSubmitAction,
} from '@slack/bolt'
import { z } from 'zod'
import { sha256 } from '../../../domain/digest.ts'

// What people type, click and send, as far as the bot needs it: it is stored before Slack gets its acknowledgement, and
// worked off from there after a restart.

const Command = z.object({
  kind: z.literal('command'),
  command: z.string(),
  text: z.string(),
  user: z.string(),
  channel: z.string(),
  trigger: z.string(),
  /** Where Slack takes answers: five within 30 minutes (Slack, handling user interaction). Empty: nowhere. */
  respondTo: z.string(),
})
export type Command = z.infer<typeof Command>

const Click = z.object({
  kind: z.literal('click'),
  button: z.string(),
  /** What the button carries: a request's id, or a cluster. */
  value: z.string(),
  block: z.string(),
  user: z.string(),
  /** Empty where it was clicked in a form. */
  channel: z.string(),
  /** The clicked message. */
  ts: z.string(),
  trigger: z.string(),
  respondTo: z.string().optional(),
  /** The form in which something was chosen, and what it carries. */
  view: z.object({ id: z.string(), memo: z.string() }).optional(),
})
export type Click = z.infer<typeof Click>

const Form = z.object({
  kind: z.literal('form'),
  form: z.string(),
  /** What the form carried from when it was opened. */
  memo: z.string(),
  /** By field: what was typed or chosen. */
  fields: z.record(z.string(), z.string()),
  user: z.string(),
})
export type Form = z.infer<typeof Form>

const Delivery = z.discriminatedUnion('kind', [Command, Click, Form])
export type Delivery = z.infer<typeof Delivery>

/** A stored delivery; `undefined` where it is none that this version knows. */
export function parseDelivery(doc: string): Delivery | undefined {
  try {
    return Delivery.parse(JSON.parse(doc))
  } catch {
    return undefined // an older or newer version's
  }
}

export interface Received<Kind extends Delivery = Delivery> {
  /** Names this delivery among all. */
  readonly key: string
  readonly delivery: Kind
}

export function fromCommand(command: SlashCommand): Received<Command> {
  const {
    command: name,
    text,
    user_id: user,
    channel_id: channel,
    trigger_id: trigger,
    response_url: respondTo,
  } = command
  return {
    key: `command:${sha256(`${trigger}|${user}|${name}|${text}`)}`,
    delivery: { kind: 'command', command: name, text, user, channel, trigger, respondTo },
  }
}

/**
 * The global shortcut: `/hsm-sync` alone, typed nowhere. Slack gives it no address for answers, so they go to the
 * person directly.
 */
export function fromShortcut({ trigger_id: trigger, user, action_ts: at }: GlobalShortcut): Received<Command> {
  return {
    key: `shortcut:${user.id}:${at}`,
    delivery: { kind: 'command', command: '/hsm-sync', text: '', user: user.id, channel: '', trigger, respondTo: '' },
  }
}

/** Slack gives a click no id: message, button, person and moment name it. */
export function fromClick(body: BlockAction, action: ButtonAction | StaticSelectAction): Received<Click> {
  const ts = typeof body.container.message_ts === 'string' ? body.container.message_ts : ''
  const delivery: Click = {
    kind: 'click',
    button: action.action_id,
    value: (action.type === 'static_select' ? action.selected_option?.value : action.value) ?? '',
    block: action.block_id,
    user: body.user.id,
    channel: body.channel?.id ?? '',
    ts,
    trigger: body.trigger_id,
    ...(body.response_url ? { respondTo: body.response_url } : {}),
    ...(body.view ? { view: { id: body.view.id, memo: body.view.private_metadata } } : {}),
  }
  const place = body.container.message_ts ?? body.container.view_id
  return { key: `click:${place}:${action.action_id}:${body.user.id}:${action.action_ts}`, delivery }
}

/** `input`: the name of the input that each field's block holds. */
export function fromForm({ user, view }: ViewSubmitAction): Received<Form> {
  const fields = Object.entries(view.state.values).flatMap(([block, inputs]) => {
    const [input] = Object.values(inputs)
    return [[block, input?.value ?? input?.selected_option?.value ?? ''] as const]
  })
  return {
    key: `view:${view.id}:${view.hash}`,
    delivery: {
      kind: 'form',
      form: view.callback_id,
      memo: view.private_metadata,
      fields: Object.fromEntries(fields),
      user: user.id,
    },
  }
}
