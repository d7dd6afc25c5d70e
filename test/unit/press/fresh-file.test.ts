import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { decodeSummaries, findTraceRows } from '../../../src/index/summaries.ts'
import { mightHoldTrace } from '../../../src/index/trace-filter.ts'
import { encodeFreshFile, type FreshFileContents } from '../../../src/press/fresh-file.ts'
import { decodeFreshTail, type FreshTail } from '../../../src/press/fresh-tail.ts'
import { decodeRowGroup, type ReadSpan } from '../../../src/press/read-spans.ts'
import type { Span } from '../../../src/span/span.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { batchOfSpans, type PlacedSpan } from './batch-of-spans.ts'

export const contents: FreshFileContents = {
  tenant: 'acme',
  region: 'eu-west-1',
  stray: false,
  envelopes: [
    { id: new Uint8Array(16).fill(1), ordinals: undefined, receivedMs: 1_700_000_000_000 },
    {
      id: new Uint8Array(16).fill(2),
      ordinals: [
        [0, 3],
        [7, 9],
      ],
      receivedMs: 1_700_000_000_500,
    },
    { id: new Uint8Array(16).fill(3), ordinals: [], receivedMs: 1_700_000_000_001 },
  ],
  receivedFromMs: 1_700_000_000_000,
  receivedToMs: 1_700_000_000_500,
}

function tailOf(file: Uint8Array): FreshTail {
  const tail = decodeFreshTail(file, file.length)
  if ('kind' in tail) throw new Error(`needs ${tail.suffixBytes} bytes of ${file.length}`)
  return tail
}

function readAll(file: Uint8Array): ReadSpan[] {
  return tailOf(file).rowGroups.flatMap((group) =>
    decodeRowGroup(
      file.slice(group.offset, group.offset + group.bytes),
      group,
      { from: 0, to: group.rows },
      nodeCodec,
    ),
  )
}

/** Attributes in order of key: no order is promised. */
function normal(placed: PlacedSpan): PlacedSpan {
  const sorted = <T extends { readonly attributes: Span['attributes'] }>(owner: T): T => ({
    ...owner,
    attributes: [...owner.attributes].sort((a, b) => (a.key < b.key ? -1 : 1)),
  })
  const { span } = placed
  const owners = { resource: sorted(span.resource), scope: sorted(span.scope) }
  return { envelope: placed.envelope, span: { ...sorted(span), ...owners } }
}

function fileOrder(a: PlacedSpan, b: PlacedSpan): number {
  return (
    Buffer.compare(a.span.traceId, b.span.traceId) ||
    Number(BigInt.asIntN(64, a.span.startNs) > BigInt.asIntN(64, b.span.startNs)) -
      Number(BigInt.asIntN(64, a.span.startNs) < BigInt.asIntN(64, b.span.startNs)) ||
    Buffer.compare(a.span.spanId, b.span.spanId) ||
    a.span.kind - b.span.kind
  )
}

test('any spans come back exactly, in the order of the file', () => {
  fc.assert(
    fc.property(arbitrarySpans, (placed) => {
      const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
      expect(readAll(file).map(normal)).toEqual([...placed].sort(fileOrder).map(normal))
    }),
    { numRuns: 60 },
  )
})

test('a trace is found by filter and summaries, and its rows are exactly its spans', () => {
  fc.assert(
    fc.property(arbitrarySpans, (placed) => {
      const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
      const tail = tailOf(file)
      const [group] = tail.rowGroups
      for (const { span } of placed) {
        expect(mightHoldTrace(tail.filter, span.traceId)).toBe(true)
        const rows = findTraceRows(tail.summaries, span.traceId, nodeCodec)!
        const bytes = file.subarray(group!.offset, group!.offset + group!.bytes)
        const expected = placed.filter(
          (other) => Buffer.compare(other.span.traceId, span.traceId) === 0,
        )
        const read = decodeRowGroup(bytes, group!, rows, nodeCodec)
        expect(read.map(normal)).toEqual(expected.sort(fileOrder).map(normal))
      }
      expect(findTraceRows(tail.summaries, new Uint8Array(16).fill(200), nodeCodec)).toBeUndefined()
    }),
    { numRuns: 20 },
  )
})

test('the tail says what was put in', () => {
  fc.assert(
    fc.property(arbitrarySpans, (placed) => {
      const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
      const tail = tailOf(file)
      expect(tail.contents).toEqual(contents)
      expect(tail.rows).toBe(placed.length)
      const summaries = decodeSummaries(tail.summaries, nodeCodec)
      expect(tail.traces).toBe(summaries.length)
      expect(summaries.reduce((spans, summary) => spans + summary.spans, 0)).toBe(placed.length)
      const errors = placed.filter(({ span }) => span.statusCode === 2).length
      expect(summaries.reduce((sum, summary) => sum + summary.errors, 0)).toBe(errors)
    }),
    { numRuns: 20 },
  )
})
