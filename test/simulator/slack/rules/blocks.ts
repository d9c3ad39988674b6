import { isJson, type Json } from '../../json.ts'
import { ApiError } from '../api-error.ts'
import { actionElements, checkElement, inputElements } from './elements.ts'
import { checkDataTable, checkPlan, checkRichText, checkTable } from './rich-blocks.ts'
import { type Complain, checkKeys, checkString, checkText, sumOfCharacters } from './text.ts'

export type Surface = 'message' | 'modal' | 'home'
type At = { pointer: string; complain: Complain }
type Rule = { readonly keys: readonly string[]; readonly on: readonly Surface[]; check(block: Json, at: At): void }

const both = ['message', 'modal', 'home'] as const
// Slack counts all blocks of a message together (bolt-js#2509, not documented).
const messageCharacters = 13_200

const rules: Record<string, Rule> = {
  header: {
    keys: ['text'],
    on: both,
    check: (block, at) => checkText(block.text, 150, { ...at, pointer: `${at.pointer}/text`, plain: true }),
  },
  divider: { keys: [], on: both, check: () => {} },
  section: { keys: ['text', 'fields', 'accessory', 'expand'], on: both, check: checkSection },
  context: { keys: ['elements'], on: both, check: checkContext },
  actions: { keys: ['elements'], on: both, check: checkActions },
  input: {
    keys: ['label', 'element', 'hint', 'optional', 'dispatch_action'],
    on: both,
    check: checkInput,
  },
  image: { keys: ['image_url', 'slack_file', 'alt_text', 'title'], on: both, check: checkImage },
  rich_text: { keys: ['elements'], on: both, check: checkRichText },
  table: { keys: ['rows', 'column_settings'], on: ['message'], check: checkTable },
  data_table: {
    keys: ['rows', 'caption', 'page_size', 'row_header_column_index'],
    on: ['message', 'home'],
    check: checkDataTable,
  },
  plan: { keys: ['title', 'tasks'], on: ['message'], check: checkPlan },
  markdown: {
    keys: ['text'],
    on: ['message'],
    check: (block, at) => checkString(block.text, 12_000, { ...at, pointer: `${at.pointer}/text`, required: true }),
  },
}

interface Taker {
  readonly nextId: () => string
  /** Types of blocks that Slack has not brought to this workspace yet. */
  readonly lacks?: ReadonlySet<string>
}

/** Checks blocks and gives each its block_id. Throws `invalid_blocks` or `msg_blocks_too_long` as Slack does. */
export function acceptBlocks(value: unknown, surface: Surface, { nextId, lacks }: Taker): Json[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new ApiError('invalid_blocks_format')
  const problems: string[] = []
  const complain: Complain = (pointer, problem) => void problems.push(`[ERROR] ${problem} [json-pointer:${pointer}]`)
  const most = surface === 'message' ? 50 : 100
  if (value.length > most) complain('/blocks', `no more than ${most} items allowed`)
  const blocks: Json[] = []
  for (const [number, block] of value.entries()) {
    const pointer = `/blocks/${number}`
    if (isJson(block) && lacks?.has(String(block.type))) complain(`${pointer}/type`, `${block.type} is not supported`)
    const accepted = checkBlock(block, surface, { pointer, complain })
    if (accepted !== undefined) blocks.push({ ...accepted, block_id: accepted.block_id ?? nextId() })
  }
  const ids = blocks.map((block) => block.block_id)
  if (new Set(ids).size !== ids.length) complain('/blocks', '`block_id` must be unique')
  if (blocks.filter((block) => block.type === 'table').length > 1) complain('/blocks', 'only one table is allowed')
  if (sumOfMarkdown(blocks) > 12_000) complain('/blocks', 'markdown blocks are longer than 12000 characters together')
  if (problems.length > 0) throw new ApiError('invalid_blocks', ...problems)
  if (surface === 'message' && sumOfCharacters(blocks) > messageCharacters) throw new ApiError('msg_blocks_too_long')
  return blocks
}

function checkBlock(block: unknown, surface: Surface, at: At): Json | undefined {
  if (!isJson(block)) {
    at.complain(at.pointer, 'must be a block')
    return undefined
  }
  const rule = rules[String(block.type)]
  if (rule === undefined || !rule.on.includes(surface)) {
    at.complain(`${at.pointer}/type`, `${String(block.type)} is not supported in a ${surface}`)
    return undefined
  }
  checkKeys(block, ['type', 'block_id', ...rule.keys], at)
  checkString(block.block_id, 255, { ...at, pointer: `${at.pointer}/block_id` })
  rule.check(block, at)
  return block
}

function checkSection(block: Json, at: At): void {
  if (block.text === undefined && block.fields === undefined) at.complain(at.pointer, 'needs text or fields')
  if (block.text !== undefined) checkText(block.text, 3000, { ...at, pointer: `${at.pointer}/text` })
  if (block.fields !== undefined) {
    for (const [number, field] of listOf(block.fields, 10, { ...at, pointer: `${at.pointer}/fields` }).entries()) {
      checkText(field, 2000, { ...at, pointer: `${at.pointer}/fields/${number}` })
    }
  }
  if (block.accessory === undefined) return
  const pointer = `${at.pointer}/accessory`
  if (isJson(block.accessory) && block.accessory.type === 'image') checkImage(block.accessory, { ...at, pointer })
  else checkElement(block.accessory, actionElements, { ...at, pointer })
}

function checkContext(block: Json, at: At): void {
  for (const [number, element] of listOf(block.elements, 10, { ...at, pointer: `${at.pointer}/elements` }).entries()) {
    const pointer = `${at.pointer}/elements/${number}`
    if (isJson(element) && element.type === 'image') checkImage(element, { ...at, pointer })
    else checkText(element, 3000, { ...at, pointer })
  }
}

function checkActions(block: Json, at: At): void {
  const elements = listOf(block.elements, 25, { ...at, pointer: `${at.pointer}/elements` })
  for (const [number, element] of elements.entries()) {
    checkElement(element, actionElements, { ...at, pointer: `${at.pointer}/elements/${number}` })
  }
  const ids = elements.map((element) => (isJson(element) ? element.action_id : undefined))
  if (new Set(ids).size !== ids.length) at.complain(`${at.pointer}/elements`, '`action_id` must be unique in a block')
}

function checkInput(block: Json, at: At): void {
  checkText(block.label, 2000, { ...at, pointer: `${at.pointer}/label`, plain: true })
  if (block.hint !== undefined) checkText(block.hint, 2000, { ...at, pointer: `${at.pointer}/hint`, plain: true })
  checkElement(block.element, inputElements, { ...at, pointer: `${at.pointer}/element` })
}

function checkImage(image: Json, at: At): void {
  checkString(image.alt_text, 2000, { ...at, pointer: `${at.pointer}/alt_text`, required: true })
  if (image.slack_file === undefined) {
    checkString(image.image_url, 3000, { ...at, pointer: `${at.pointer}/image_url`, required: true })
  }
}

function listOf(value: unknown, most: number, at: At): unknown[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > most) {
    at.complain(at.pointer, `must have 1 to ${most} items`)
  }
  return Array.isArray(value) ? value : []
}

function sumOfMarkdown(blocks: readonly Json[]): number {
  return blocks.reduce((sum, block) => sum + (block.type === 'markdown' ? String(block.text).length : 0), 0)
}
