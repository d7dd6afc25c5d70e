import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heap } from '../../../src/lookup/heap.ts'

test('what goes in comes out in order, also when pushes and pops take turns', () => {
  const steps = fc.array(fc.oneof(fc.nat({ max: 50 }), fc.constant(undefined)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (all) => {
      const real = heap<number>((a, b) => a - b)
      const model: number[] = []
      for (const step of all) {
        if (step !== undefined) {
          real.push(step)
          model.push(step)
          model.sort((a, b) => a - b)
        } else {
          expect(real.pop()).toBe(model.shift())
        }
        expect(real.peek()).toBe(model[0])
      }
    }),
  )
})
