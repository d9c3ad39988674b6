import { describe, expect, it } from 'vitest'
import { Random } from './random.ts'
import { simulate } from './run.ts'

// The rest is `npm run simulate`: hundreds of seeds, and planted faults that it must find.
describe('the simulation', () => {
  it('plays a seed again, byte for byte', async () => {
    const first = await simulate(7, true)
    const second = await simulate(7, true)
    expect(second.story.join('\n')).toBe(first.story.join('\n'))
    expect(first.story.length).toBeGreaterThan(50)
  })

  it('tells the same with and without its story', async () => {
    const [told, untold] = [await simulate(8, true), await simulate(8, false)]
    expect(untold.figures).toEqual(told.figures)
    expect(untold.violations).toEqual(told.violations)
  })

  it('draws the same numbers for the same seed and name, and others for another name', () => {
    const draw = (seed: number, name: string) => {
      const random = new Random(seed, name)
      return Array.from({ length: 5 }, () => random.next())
    }
    expect(draw(1, 'a')).toEqual(draw(1, 'a'))
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'))
    expect(draw(2, 'a')).not.toEqual(draw(1, 'a'))
  })
})
