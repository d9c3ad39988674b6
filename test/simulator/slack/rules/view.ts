import { isJson, type Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { acceptBlocks } from './blocks.ts'
import { type Complain, checkKeys, checkString, checkText } from './text.ts'

const keys = [
  'type',
  'title',
  'blocks',
  'submit',
  'close',
  'private_metadata',
  'callback_id',
  'clear_on_close',
  'notify_on_close',
  'external_id',
  'submit_disabled',
]

/** Checks a modal and gives its blocks their ids. Throws `invalid_arguments` or `view_too_large`. */
export function acceptView(view: unknown, nextId: () => string, kind: 'modal' | 'home' = 'modal'): Json {
  const problems: string[] = []
  const complain: Complain = (pointer, problem) => void problems.push(`[ERROR] ${problem} [json-pointer:${pointer}]`)
  if (!isJson(view)) throw new ApiError('invalid_arguments', 'view must be an object')
  if (JSON.stringify(view).length > 250_000) throw new ApiError('view_too_large')
  if (view.type !== kind) complain('/view/type', `must be ${kind}`)
  checkKeys(view, keys, { pointer: '/view', complain })
  if (kind === 'modal') checkText(view.title, 24, { pointer: '/view/title', complain, plain: true })
  for (const name of ['submit', 'close']) {
    if (view[name] !== undefined) checkText(view[name], 24, { pointer: `/view/${name}`, complain, plain: true })
  }
  if (view.private_metadata !== '')
    checkString(view.private_metadata, 3000, { pointer: '/view/private_metadata', complain })
  checkString(view.callback_id, 255, { pointer: '/view/callback_id', complain })
  checkString(view.external_id, 255, { pointer: '/view/external_id', complain })
  if (!Array.isArray(view.blocks)) complain('/view/blocks', 'missing required field')
  let blocks: Json[] = []
  try {
    blocks = acceptBlocks(view.blocks, kind, { nextId })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    problems.push(...error.details)
  }
  if (blocks.some((block) => block.type === 'input') && view.submit === undefined) {
    complain('/view/submit', 'is required when there are input blocks')
  }
  if (problems.length > 0) throw new ApiError('invalid_arguments', ...problems)
  return { ...view, blocks }
}
