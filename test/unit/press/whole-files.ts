import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import type { FreshFileContents } from '../../../src/press/fresh-file.ts'
import { decodeFreshTail, type FreshTail } from '../../../src/press/fresh-tail.ts'
import { decodeRowGroup, type ReadSpan } from '../../../src/press/read-spans.ts'
import type { Span } from '../../../src/span/span.ts'
import type { PlacedSpan } from './batch-of-spans.ts'

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

export function tailOf(file: Uint8Array): FreshTail {
  const tail = decodeFreshTail(file, file.length)
  if ('kind' in tail) throw new Error(`needs ${tail.suffixBytes} bytes of ${file.length}`)
  return tail
}

export function readAll(file: Uint8Array): ReadSpan[] {
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
export function normal(placed: PlacedSpan): PlacedSpan {
  const sorted = <T extends { readonly attributes: Span['attributes'] }>(owner: T): T => ({
    ...owner,
    attributes: [...owner.attributes].sort((a, b) => (a.key < b.key ? -1 : 1)),
  })
  const { span } = placed
  const owners = { resource: sorted(span.resource), scope: sorted(span.scope) }
  return { envelope: placed.envelope, span: { ...sorted(span), ...owners } }
}

export function fileOrder(a: PlacedSpan, b: PlacedSpan): number {
  return (
    Buffer.compare(a.span.traceId, b.span.traceId) ||
    Number(BigInt.asIntN(64, a.span.startNs) > BigInt.asIntN(64, b.span.startNs)) -
      Number(BigInt.asIntN(64, a.span.startNs) < BigInt.asIntN(64, b.span.startNs)) ||
    Buffer.compare(a.span.spanId, b.span.spanId) ||
    a.span.kind - b.span.kind
  )
}
