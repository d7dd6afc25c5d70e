import { expect, test } from 'vitest'
import { dedupeSpans } from '../../../src/lookup/dedupe-spans.ts'
import { someSpan, spanId } from '../../helpers/some-span.ts'

test('of copies the later end stays, then the larger encoding, in whatever order they come', () => {
  const early = someSpan({
    endNs: 1n,
    attributes: [{ key: 'a', value: { kind: 'int', value: 1n } }],
  })
  const late = someSpan({ endNs: 2n })
  const larger = someSpan({ endNs: 2n, statusMessage: 'more is known' })
  for (const order of [
    [early, late, larger],
    [early, larger, late],
    [late, early, larger],
    [late, larger, early],
    [larger, early, late],
    [larger, late, early],
  ]) {
    expect(dedupeSpans(order)).toEqual([larger])
  }
})

test('spans come by start, then id, then kind, then name', () => {
  const sorted = [
    someSpan({ startNs: 1n, spanId: spanId(9) }),
    someSpan({ startNs: 2n, spanId: spanId(1) }),
    someSpan({ startNs: 2n, spanId: spanId(2), kind: 1, name: 'a' }),
    someSpan({ startNs: 2n, spanId: spanId(2), kind: 1, name: 'b' }),
    someSpan({ startNs: 2n, spanId: spanId(2), kind: 2, name: 'a' }),
    someSpan({ startNs: 2n ** 64n - 1n, spanId: spanId(0) }),
  ]
  expect(dedupeSpans(sorted.toReversed())).toEqual(sorted)
})
