import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Envelope } from '../../../src/envelope/envelope.ts'
import { planBatches } from '../../../src/flush/plan-batches.ts'

const limits = { flushBatchBytesMax: 1_000, flushItemsMax: 500, freshFileSpansMax: 50 }

const envelopes: fc.Arbitrary<Envelope[]> = fc.array(
  fc.record({
    id: fc.constant(new Uint8Array(16)),
    tenant: fc.constantFrom('acme', 'beta'),
    receivedMs: fc.constant(0),
    encoding: fc.constant('zstd' as const),
    decompressedBytes: fc.nat({ max: 4_000 }),
    spans: fc.nat({ max: 200 }),
    items: fc.nat({ max: 2_000 }),
    body: fc.constant({ kind: 'inline' as const, bytes: new Uint8Array() }),
  }),
  { maxLength: 20 },
)

test('batches hold every ordinal of every envelope once, of one tenant, in order', () => {
  fc.assert(
    fc.property(envelopes, (given) => {
      const batches = planBatches(given, limits)
      for (const envelope of given) {
        const parts = batches
          .flatMap((batch) => batch.parts.map((part) => ({ ...part, tenant: batch.tenant })))
          .filter((part) => part.envelope === envelope)
        expect(parts.every(({ tenant }) => tenant === envelope.tenant)).toBe(true)
        let next = 0
        for (const { range } of parts) {
          const [from, to] = range ?? [0, envelope.spans]
          expect(from).toBe(next)
          next = to
        }
        expect(next).toBe(envelope.spans)
        expect(parts.length).toBeGreaterThan(0)
      }
    }),
  )
})

test('several envelopes together stay within each limit; one alone is cut in as many pieces as it is too large', () => {
  fc.assert(
    fc.property(envelopes, (given) => {
      for (const { parts } of planBatches(given, limits)) {
        const sum = (of: (envelope: Envelope) => number) =>
          parts.reduce((total, { envelope }) => total + of(envelope), 0)
        const [only] = parts
        if (only?.range === undefined) {
          expect(parts.length === 1 || sum(({ spans }) => spans) <= 50).toBe(true)
          expect(parts.length === 1 || sum(({ items }) => items) <= 500).toBe(true)
          expect(parts.length === 1 || sum((one) => one.decompressedBytes) <= 1_000).toBe(true)
          continue
        }
        const { spans, items, decompressedBytes } = only.envelope
        const times = Math.max(spans / 50, items / 500, decompressedBytes / 1_000)
        const pieces = Math.min(Math.ceil(times), spans)
        expect(parts).toHaveLength(1)
        expect(only.range[1] - only.range[0]).toBeLessThanOrEqual(Math.ceil(spans / pieces))
      }
    }),
  )
})
