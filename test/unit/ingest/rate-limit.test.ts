import fc from 'fast-check'
import { expect, test } from 'vitest'
import { steppedClock } from '../../../src/adapters/memory/clock.ts'
import { type Budget, rateLimit } from '../../../src/ingest/rate-limit.ts'
import { rateBurstSeconds } from '../../../src/limits.ts'

const acme: Budget = { name: 'tenant acme', spansPerSecond: 10 }
const burst = acme.spansPerSecond * rateBurstSeconds

test('a burst passes, the next span waits until it is earned', () => {
  const clock = steppedClock(1_000_000)
  const limit = rateLimit(clock)
  expect(limit.take([acme], burst)).toBeUndefined()
  expect(limit.take([acme], 1)).toEqual({ budget: acme, waitSeconds: 1 })
  expect(limit.take([acme], 25)).toEqual({ budget: acme, waitSeconds: 3 })
  clock.step(99)
  expect(limit.take([acme], 1)).toMatchObject({ waitSeconds: 1 })
  clock.step(1)
  expect(limit.take([acme], 1)).toBeUndefined()
  expect(limit.take([acme], 1)).toMatchObject({ waitSeconds: 1 })
})

test('a long quiet time earns no more than a burst', () => {
  const clock = steppedClock(0)
  const limit = rateLimit(clock)
  expect(limit.take([acme], 1)).toBeUndefined()
  clock.step(1e9)
  expect(limit.take([acme], burst)).toBeUndefined()
  expect(limit.take([acme], 1)).toMatchObject({ waitSeconds: 1 })
})

test('whoever waits as long as told is let in', () => {
  const requests = fc.array(fc.integer({ min: 1, max: 3 * burst }), { maxLength: 20 })
  const rates = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(requests, rates, (spans, spansPerSecond) => {
      const clock = steppedClock(0)
      const limit = rateLimit(clock)
      const budget = { name: 'b', spansPerSecond }
      for (const count of spans) {
        const overdrawn = limit.take([budget], count)
        if (overdrawn === undefined) continue
        clock.step(overdrawn.waitSeconds * 1_000)
        expect(limit.take([budget], count)).toBeUndefined()
      }
    }),
    { numRuns: 100 },
  )
})

test('over a long time no more passes than the rate, and a burst', () => {
  const clock = steppedClock(0)
  const limit = rateLimit(clock)
  let passed = 0
  for (let ms = 0; ms < 100_000; ms += 50) {
    if (limit.take([acme], 7) === undefined) passed += 7
    clock.step(50)
  }
  expect(passed).toBeLessThanOrEqual(100 * acme.spansPerSecond + burst)
  expect(passed).toBeGreaterThan(100 * acme.spansPerSecond + burst - 14)
})

test('a request larger than any burst is let in by a full bucket, and paid for afterwards', () => {
  const clock = steppedClock(0)
  const limit = rateLimit(clock)
  expect(limit.take([acme], 3 * burst)).toBeUndefined()
  expect(limit.take([acme], 0)).toEqual({ budget: acme, waitSeconds: 2 * rateBurstSeconds })
  clock.step(2 * rateBurstSeconds * 1_000)
  expect(limit.take([acme], 0)).toBeUndefined()
  expect(limit.take([acme], 1)).toMatchObject({ waitSeconds: 1 })
})

test('of several budgets all give or none does', () => {
  const token: Budget = { name: 'token shop', spansPerSecond: 1 }
  const limit = rateLimit(steppedClock(0))
  expect(limit.take([acme, token], 5)).toBeUndefined()
  expect(limit.take([acme, token], 1)).toMatchObject({ budget: token })
  expect(limit.take([acme], burst - 5)).toBeUndefined()
  expect(limit.take([acme], 1)).toMatchObject({ budget: acme })
})

test('a clock that steps back earns nothing for it and blocks nobody for ever', () => {
  const clock = steppedClock(1_000_000_000)
  const limit = rateLimit(clock)
  expect(limit.take([acme], burst)).toBeUndefined()
  clock.step(-900_000_000)
  expect(limit.take([acme], 1)).toMatchObject({ waitSeconds: 1 })
  clock.step(100)
  expect(limit.take([acme], 1)).toBeUndefined()
})

test('a rate below one span in a burst lets one through now and then', () => {
  const slow: Budget = { name: 'slow', spansPerSecond: 0.01 }
  const clock = steppedClock(0)
  const limit = rateLimit(clock)
  expect(limit.take([slow], 1)).toBeUndefined()
  expect(limit.take([slow], 1)).toMatchObject({ waitSeconds: 100 })
})
