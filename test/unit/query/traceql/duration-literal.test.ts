import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration, printDuration } from '../../../../query/traceql/duration-literal.ts'
import { int64Max } from '../../../../query/traceql/number-literal.ts'

test.each([
  ['0s', 0n, '0s'],
  ['7ns', 7n, '7ns'],
  ['1500ns', 1_500n, '1.5us'],
  ['2µs', 2_000n, '2us'],
  ['2μs', 2_000n, '2us'],
  ['.5ms', 500_000n, '500us'],
  ['1.s', 1_000_000_000n, '1s'],
  ['90s', 90_000_000_000n, '1m30s'],
  ['1h2m3.5ms', 3_720_003_500_000n, '1h2m0.0035s'],
  ['3600s', 3_600_000_000_000n, '1h'],
  ['1d12h', 129_600_000_000_000n, '36h'],
  ['1w', 604_800_000_000_000n, '168h'],
  ['1y', 31_536_000_000_000_000n, '8760h'],
  ['1.0000000019s', 1_000_000_001n, '1.000000001s'],
  ['0.1ns', 0n, '0s'],
  ['9223372036854775807ns', int64Max, '2562047h47m16.854775807s'],
])('%s is %d ns, printed %s', (text, ns, printed) => {
  expect(parseDuration(text)).toBe(ns)
  expect(printDuration(ns)).toBe(printed)
  expect(parseDuration(printed)).toBe(ns)
})

test.each(['9223372036854775808ns', '293y', `${'9'.repeat(100_000)}s`, '292y292y'])(
  'what 64 bits cannot hold is nothing: %.30s',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test('every duration has a text that says it', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, int64Max), (ns) => {
      expect(parseDuration(printDuration(ns))).toBe(ns)
      expect(printDuration(-ns)).toBe(ns === 0n ? '0s' : `-${printDuration(ns)}`)
    }),
  )
})
