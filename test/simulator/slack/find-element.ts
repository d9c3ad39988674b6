import { isJson, isJsonList, type Json } from '../json.ts'

export interface FoundElement {
  readonly blockId: string
  readonly element: Json
}

/** The interactive element with this action_id in some blocks; undefined when it is not (any more) there. */
export function findElement(blocks: readonly Json[], actionId: string): FoundElement | undefined {
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      if (element.action_id === actionId) return { blockId: String(block.block_id), element }
    }
  }
  return undefined
}

/** Every interactive element of some blocks. */
export function elementsOf(block: Json): Json[] {
  const elements = isJsonList(block.elements) ? block.elements : []
  const single = [block.accessory, block.element].filter(isJson)
  return [...elements, ...single].filter((element) => typeof element.action_id === 'string')
}

/** What Slack sends in `actions` for a click on this element. */
export function actionOf({ blockId, element }: FoundElement, now: number): Json {
  const type = String(element.type)
  return {
    type,
    action_id: element.action_id,
    block_id: blockId,
    ...(type === 'button' ? { text: element.text } : {}),
    ...(element.value === undefined ? {} : { value: element.value }),
    ...(element.style === undefined ? {} : { style: element.style }),
    action_ts: `${(now / 1000).toFixed(6)}`,
  }
}
