import { isJson, type Json } from '../../json.ts'
import { type Complain, checkKeys, checkString, sumOfCharacters } from './text.ts'

type At = { pointer: string; complain: Complain }

const containers = ['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote']
const leaves = ['text', 'link', 'emoji', 'user', 'usergroup', 'channel', 'broadcast', 'date', 'color', 'team']

/** A rich_text block: containers of leaves; an empty text leaf is refused. */
export function checkRichText(block: Json, at: At): void {
  if (!Array.isArray(block.elements) || block.elements.length === 0) {
    at.complain(`${at.pointer}/elements`, 'must have elements')
    return
  }
  for (const [number, element] of block.elements.entries()) {
    checkContainer(element, { ...at, pointer: `${at.pointer}/elements/${number}` })
  }
}

function checkContainer(element: unknown, at: At): void {
  if (!isJson(element) || !containers.includes(String(element.type))) {
    at.complain(`${at.pointer}/type`, 'unknown rich text container')
    return
  }
  if (!Array.isArray(element.elements)) {
    at.complain(`${at.pointer}/elements`, 'missing')
    return
  }
  for (const [number, inner] of element.elements.entries()) {
    const pointer = `${at.pointer}/elements/${number}`
    if (element.type === 'rich_text_list') checkContainer(inner, { ...at, pointer })
    else checkLeaf(inner, { ...at, pointer })
  }
}

function checkLeaf(leaf: unknown, at: At): void {
  if (!isJson(leaf) || !leaves.includes(String(leaf.type))) {
    at.complain(`${at.pointer}/type`, 'unknown element')
    return
  }
  if (leaf.type === 'text' && (typeof leaf.text !== 'string' || leaf.text === '')) {
    at.complain(`${at.pointer}/text`, 'must be more than 0 characters')
  }
}

/** A table: 100 rows of 20 cells, 10,000 characters over all cells (design-principles.md, data-display-design.md). */
export function checkTable(block: Json, at: At): void {
  checkRows(block.rows, { rows: 100, characters: 10_000 }, at)
}

function checkRows(value: unknown, most: { readonly rows: number; readonly characters: number }, at: At): void {
  const pointer = `${at.pointer}/rows`
  if (!Array.isArray(value) || value.length < 1 || value.length > most.rows) {
    at.complain(pointer, `must have 1 to ${most.rows} rows`)
    return
  }
  const rows: readonly unknown[] = value
  const widths = new Set<number>()
  for (const [number, row] of rows.entries()) {
    if (!Array.isArray(row) || row.length < 1 || row.length > 20) {
      at.complain(`${pointer}/${number}`, 'must have 1 to 20 cells')
      continue
    }
    widths.add(row.length)
    for (const [column, cell] of row.entries()) checkCell(cell, { ...at, pointer: `${pointer}/${number}/${column}` })
  }
  if (widths.size > 1) at.complain(pointer, 'rows must have the same number of cells')
  if (sumOfCharacters(rows) > most.characters)
    at.complain(pointer, `more than ${most.characters} characters over all cells`)
}

function checkCell(cell: unknown, at: At): void {
  if (!isJson(cell)) {
    at.complain(at.pointer, 'must be a cell')
    return
  }
  if (cell.type === 'rich_text') {
    checkRichText(cell, at)
    return
  }
  if (cell.type !== 'raw_text') {
    at.complain(`${at.pointer}/type`, 'must be raw_text or rich_text')
    return
  }
  if (typeof cell.text !== 'string' || cell.text === '') at.complain(`${at.pointer}/text`, 'must not be empty')
}

/**
 * A data_table: a caption, a head and up to 200 rows of up to 20 cells, 20,000 characters, pages of 1 to 100 rows
 * (Slack's reference, 2026-05).
 */
export function checkDataTable(block: Json, at: At): void {
  checkString(block.caption, 150, { ...at, pointer: `${at.pointer}/caption`, required: true })
  const size = block.page_size
  if (size !== undefined && !(Number.isInteger(size) && Number(size) >= 1 && Number(size) <= 100))
    at.complain(`${at.pointer}/page_size`, 'must be 1 to 100')
  checkRows(block.rows, { rows: 201, characters: 20_000 }, at)
}

const statuses = ['pending', 'in_progress', 'complete', 'error']

/** A plan: a title in bare text and task cards with unique ids (Slack's reference; it gives no limits). */
export function checkPlan(block: Json, at: At): void {
  checkString(block.title, 255, { ...at, pointer: `${at.pointer}/title`, required: true })
  const tasks = Array.isArray(block.tasks) ? block.tasks : []
  if (tasks.length === 0) at.complain(`${at.pointer}/tasks`, 'must have tasks')
  for (const [number, task] of tasks.entries()) checkTask(task, { ...at, pointer: `${at.pointer}/tasks/${number}` })
  const ids = tasks.map((task) => (isJson(task) ? task.task_id : undefined))
  if (new Set(ids).size !== ids.length) at.complain(`${at.pointer}/tasks`, '`task_id` must be unique')
}

function checkTask(task: unknown, at: At): void {
  if (!isJson(task) || task.type !== 'task_card') {
    at.complain(at.pointer, 'must be a task card')
    return
  }
  checkKeys(task, ['type', 'block_id', 'task_id', 'title', 'details', 'output', 'sources', 'status'], at)
  checkString(task.task_id, 255, { ...at, pointer: `${at.pointer}/task_id`, required: true })
  checkString(task.title, 255, { ...at, pointer: `${at.pointer}/title`, required: true })
  if (!statuses.includes(String(task.status)))
    at.complain(`${at.pointer}/status`, `must be one of ${statuses.join(', ')}`)
  for (const name of ['details', 'output']) {
    const text = task[name]
    if (text === undefined) continue
    const inText = { ...at, pointer: `${at.pointer}/${name}` }
    if (isJson(text) && text.type === 'rich_text') checkRichText(text, inText)
    else at.complain(inText.pointer, 'must be rich text')
  }
}
