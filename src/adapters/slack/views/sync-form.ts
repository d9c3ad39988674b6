import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { FoundHsms } from '../../../application/lookup-hsms.ts'
import type { Instant } from '../../../domain/brand.ts'
import { isRefusal, type Refusal } from '../../../domain/refusal.ts'
import type { Landscape, Route } from '../../../domain/route.ts'
import { LONGEST_REASON } from '../incoming/grammar.ts'
import { ACTIONS, FORM_INPUT, type FormField, SYNC_VIEW } from './actions.ts'
import { type Block, pre, section } from './blocks.ts'
import { explain } from './explain.ts'
import { code, columns, cut, when } from './text.ts'

/**
 * What the form carries from the command to its answer: where it was typed, and where and since when Slack takes the
 * answer.
 */
const FormMemo = z.object({ channel: z.string(), respondTo: z.string(), openedAt: z.number() })
export type FormMemo = z.infer<typeof FormMemo>

/** What `/hsm-sync` alone opens: it asks for the same. Only routes can be chosen, so no direction can be mistyped. */
export function syncForm({ routes }: Landscape, memo: FormMemo, hsms: readonly Block[] = []): types.ModalView {
  const options = routes.map(routeOption)
  const [only] = options.length === 1 ? options : []
  return {
    type: 'modal',
    callback_id: SYNC_VIEW,
    private_metadata: JSON.stringify(memo),
    title: { type: 'plain_text', text: 'Sync two clusters' },
    submit: { type: 'plain_text', text: 'Ask for approval' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      {
        ...input('route', 'From → to', {
          type: 'static_select',
          action_id: ACTIONS.chooseRoute,
          placeholder: { type: 'plain_text', text: 'What is missing is copied to the second' },
          ...(only ? { initial_option: only } : {}),
          ...(options.length > MOST_OPTIONS ? { option_groups: groups(options) } : { options }),
        }),
        // Tells when somebody chooses, so that the HSMs can be shown.
        dispatch_action: true,
      },
      ...hsms,
      input('mode', 'What to do', {
        type: 'radio_buttons',
        action_id: FORM_INPUT,
        initial_option: MODES[0],
        options: [...MODES],
      }),
      mayBeEmpty(
        input('users', 'Users', text('all')),
        'all, none, or names such as jdoe,app_7. Nothing here means all.',
      ),
      mayBeEmpty(
        input('keys', 'Keys', text('all')),
        'all, none, handles such as 7,262162 or references such as 0x40012. Nothing here means all.',
      ),
      input('reason', 'Why? The approvers and the channel will see it.', {
        ...text('new starters of October'),
        multiline: true,
        min_length: 3,
        max_length: LONGEST_REASON,
      }),
    ],
  }
}

export function lookingUp({ source, destination }: Pick<Route, 'source' | 'destination'>): readonly Block[] {
  return [section(`Looking up the HSMs of ${code(source.alias)} and ${code(destination.alias)}…`)]
}

/** Both clusters of a route as AWS showed them at this moment, or why it did not: a form may stand open for long. */
export function formHsms(
  { source, destination }: Pick<Route, 'source' | 'destination'>,
  found: { readonly source: FoundHsms | Refusal; readonly destination: FoundHsms | Refusal; readonly at: Instant },
): readonly Block[] {
  const title = section(`HSMs of ${code(source.alias)} and ${code(destination.alias)}, as of ${when(found.at)}:`)
  const refusal = [found.source, found.destination].find(isRefusal)
  if (refusal)
    return [
      section(
        `I could not look up the HSMs of ${code(source.alias)} and ${code(destination.alias)}: ${explain(refusal)}`,
      ),
    ]
  const rows = [found.source, found.destination].flatMap((side) => {
    if (isRefusal(side)) return []
    const { name, cluster } = side
    return cluster.hsms.map((hsm) => [name, cluster.state, hsm.hsmId, hsm.eniIp ?? '(no ENI IP yet)', hsm.state])
  })
  return [title, pre(columns([['cluster', 'state', 'HSM', 'ENI IP', 'state'], ...rows]), 2500)]
}

const MODES = [
  {
    text: { type: 'plain_text', text: 'Copy what is missing, once approved' },
    value: 'sync',
  },
  {
    text: { type: 'plain_text', text: 'Only compare, once approved: nothing is changed' },
    value: 'plan',
  },
] as const satisfies types.PlainTextOption[]

// A select holds at most 100 options, or 100 groups of as many (Slack, select menu element).
const MOST_OPTIONS = 100

function groups(
  options: types.PlainTextOption[],
): { label: types.PlainTextElement; options: types.PlainTextOption[] }[] {
  return Array.from({ length: Math.ceil(options.length / MOST_OPTIONS) }, (_, at) => {
    const from = at * MOST_OPTIONS
    const part = options.slice(from, from + MOST_OPTIONS)
    return { label: { type: 'plain_text', text: `Routes ${from + 1} to ${from + part.length}` }, options: part }
  })
}

// The longest text of an option, and of its description (Slack, option object).
const OPTION_TEXT = 75

/**
 * By cluster ids, which stay what they are when settings change while somebody fills in the form. Names too long to
 * stand there whole would hide the direction.
 */
function routeOption(route: Route): types.PlainTextOption {
  const { source, destination } = route
  const value = routeValue(route)
  const names = `${source.alias} → ${destination.alias}`
  if (names.length <= OPTION_TEXT) return { text: { type: 'plain_text', text: names }, value }
  const ids = `${source.clusterId} → ${destination.clusterId}`
  return {
    text: { type: 'plain_text', text: ids },
    description: { type: 'plain_text', text: cut(names, OPTION_TEXT) },
    value,
  }
}

export function routeValue({ source, destination }: Route): string {
  return `${source.clusterId}>${destination.clusterId}`
}

function text(placeholder: string): types.PlainTextInput {
  return {
    type: 'plain_text_input',
    action_id: FORM_INPUT,
    placeholder: { type: 'plain_text', text: placeholder },
  }
}

function input(field: FormField, label: string, element: types.InputBlock['element']): types.InputBlock {
  return { type: 'input', block_id: field, label: { type: 'plain_text', text: label }, element }
}

function mayBeEmpty(block: types.InputBlock, hint: string): types.InputBlock {
  return { ...block, optional: true, hint: { type: 'plain_text', text: hint } }
}

/** What the form carried; `undefined` where it is none of ours. */
export function parseFormMemo(text: string): FormMemo | undefined {
  try {
    return FormMemo.parse(JSON.parse(text))
  } catch {
    return undefined // another modal's
  }
}
