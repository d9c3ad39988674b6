import { diffInventories } from '../../src/domain/diff.ts'
import { cmuEngine } from '../../src/engines/cmu/index.ts'
import { below, type Figure, median } from './figures.ts'
import { printedInventory } from './printed-inventory.ts'

const TIMES = 20

/** Reads a whole inventory of three HSMs as CMU printed it, and compares it. */
export function benchCompare(): readonly Figure[] {
  const { spec, plan, printed } = printedInventory({ users: 50, keys: 3_300 })
  const engine = cmuEngine()
  const reading: number[] = []
  const whole: number[] = []
  for (let time = 0; time < TIMES; time++) {
    const started = performance.now()
    const found = engine.read(spec, plan, printed)
    reading.push(performance.now() - started)
    if (found.kind !== 'listed') throw new Error(`the printed inventory could not be read: ${JSON.stringify(found)}`)
    const [source, ...destinations] = found.inventories
    if (!source) throw new Error('the printed inventory has no source')
    const diff = diffInventories(source, destinations, spec.scope)
    whole.push(performance.now() - started)
    if (diff.keys.missing.length + diff.keys.present.length !== 3_300) throw new Error('the comparison lost keys')
  }
  return [
    below(50, {
      name: `read and compare 3,300 keys on 3 HSMs (median of ${TIMES})`,
      value: median(whole),
      unit: 'ms',
      digits: 1,
    }),
    { name: 'the same, first time', value: whole[0] ?? Number.NaN, unit: 'ms', digits: 1 },
    { name: 'of it reading what CMU printed (median)', value: median(reading), unit: 'ms', digits: 1 },
    { name: 'length of what CMU printed', value: printed.text?.length ?? 0, unit: 'chars' },
  ]
}
