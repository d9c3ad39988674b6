/** Names of everything a person can click: Slack sends them back. */
export const ACTIONS = {
  approve: 'approve',
  reject: 'reject',
  withdraw: 'withdraw',
  viewConfig: 'view_config',
  askAgain: 'ask_again',
  askExactly: 'ask_exactly',
  shareHsms: 'share_hsms',
  watchAgain: 'watch_again',
  /** In the form. */
  chooseRoute: 'choose_route',
} as const

export const REJECT_VIEW = 'reject_reason'
export const REASON_BLOCK = 'reason'
export const REASON_INPUT = 'text'

/** The global shortcut that opens the form. */
export const SYNC_SHORTCUT = 'request_sync'
export const SYNC_VIEW = 'sync_form'
/** The form's fields are its blocks; each holds one input of this name. */
export const FORM_INPUT = 'value'
export type FormField = 'route' | 'mode' | 'users' | 'keys' | 'reason'

/**
 * A card's buttons stand in a block that names what they are for: the request, and by its digest the exact revision
 * that was shown.
 */
export function cardBlockId(request: { readonly id: string; readonly digest: string }): string {
  return `req:${request.id}:${request.digest}`
}

export function parseCardBlockId(blockId: string): { readonly request: string; readonly digest: string } | undefined {
  const [kind, request, digest] = blockId.split(':')
  return kind === 'req' && request && digest ? { request, digest } : undefined
}
