import { isJson, type Json } from '../../json.ts'
import { type Complain, sumOfCharacters } from './text.ts'

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
  const { rows } = block
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > 100) {
    at.complain(`${at.pointer}/rows`, 'must have 1 to 100 rows')
    return
  }
  const widths = new Set<number>()
  for (const [number, row] of rows.entries()) {
    const pointer = `${at.pointer}/rows/${number}`
    if (!Array.isArray(row) || row.length < 1 || row.length > 20) {
      at.complain(pointer, 'must have 1 to 20 cells')
      continue
    }
    widths.add(row.length)
    for (const [column, cell] of row.entries()) checkCell(cell, { ...at, pointer: `${pointer}/${column}` })
  }
  if (widths.size > 1) at.complain(`${at.pointer}/rows`, 'rows must have the same number of cells')
  if (sumOfCharacters(rows) > 10_000) at.complain(`${at.pointer}/rows`, 'more than 10000 characters over all cells')
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
