import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { SpanlakeError } from '../../../src/errors.ts'
import { fixedColumns } from '../../../src/layout/columns.ts'
import { encodeFreshFile } from '../../../src/press/fresh-file.ts'
import { readGroup } from '../../../src/press/read-group.ts'
import { int32OfRow, spanOfRow } from '../../../src/press/span-of-row.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { batchOfSpans, type PlacedSpan } from './batch-of-spans.ts'
import { contents, normal, readAll, tailOf } from './whole-files.ts'

function readByGroups(file: Uint8Array): PlacedSpan[] {
  return tailOf(file).rowGroups.flatMap((place) => {
    const group = readGroup(file.slice(place.offset, place.offset + place.bytes), place, {
      codec: nodeCodec,
    })
    return Array.from({ length: group.rows }, (_, row) => ({
      span: spanOfRow(group, row),
      envelope: int32OfRow(group, fixedColumns.envelope, row),
    }))
  })
}

test('whole groups read as rows do', () => {
  fc.assert(
    fc.property(arbitrarySpans, (placed) => {
      const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
      expect(readByGroups(file).map(normal)).toEqual(readAll(file).map(normal))
    }),
    { numRuns: 60 },
  )
})

test('columns of several pages, with dictionaries and without, read as rows do', () => {
  const some = fc.sample(arbitrarySpans, { numRuns: 20, seed: 9 }).flat()
  const placed = Array.from({ length: 3_000 }, (_, i) => {
    const { span } = some[i % some.length]!
    const value = { kind: 'string' as const, value: `request ${i}` }
    const number = { kind: 'int' as const, value: BigInt(i) << 40n }
    const own = [
      { key: 'request', value },
      { key: 'number', value: number },
    ]
    const others = span.attributes.filter(({ key }) => key !== 'request' && key !== 'number')
    return { span: { ...span, name: `n${i}`, attributes: [...others, ...own] }, envelope: i % 3 }
  })
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  expect(readByGroups(file).map(normal)).toEqual(readAll(file).map(normal))
})

test('broken bytes are corrupt or harmless, never anything worse', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 21 })[0]!
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  const [place] = tailOf(file).rowGroups
  const good = file.slice(place!.offset, place!.offset + place!.bytes)
  for (let at = 0; at < good.length; at += 7) {
    const bytes = good.slice()
    bytes[at]! ^= 1 << (at % 8)
    try {
      const group = readGroup(bytes, place!, { codec: nodeCodec })
      for (let row = 0; row < group.rows; row++) spanOfRow(group, row)
    } catch (error) {
      expect(error).toBeInstanceOf(SpanlakeError)
    }
  }
})
