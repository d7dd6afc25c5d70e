import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { kindOf, messageOf } from '../../../src/errors.ts'
import type { Summaries } from '../../../src/index/summaries.ts'
import { ByteReader } from '../../../src/parquet/byte-reader.ts'
import { ByteWriter } from '../../../src/parquet/byte-writer.ts'
import { type ChunkPlace, codecUncompressed } from '../../../src/parquet/footer.ts'
import { readPageHeader, writePageHeader } from '../../../src/parquet/page-header.ts'
import { readChunkRows } from '../../../src/parquet/read-chunk.ts'
import { readColumn } from '../../../src/parquet/read-column.ts'
import { type Leaf, leavesOf } from '../../../src/parquet/schema.ts'
import { readAttributeColumns } from '../../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../../src/press/file-footer.ts'
import { encodeFreshFile } from '../../../src/press/fresh-file.ts'
import { spanSchema } from '../../../src/press/span-schema.ts'
import { encodeSummaryFile, summarySchema } from '../../../src/press/summary-file.ts'
import type { Span } from '../../../src/span/span.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { batchOfSpans, type PlacedSpan } from './batch-of-spans.ts'
import { freshInput, merge } from './merged-files.ts'
import { contents } from './whole-files.ts'

/** Odd spans, whose chunks are small, and enough plain ones for chunks of several pages. */
const odd = fc.sample(arbitrarySpans, { numRuns: 3, seed: 7 }).flat()
const plain = Array.from({ length: 3_000 }, (_, i): PlacedSpan => {
  const traceId = new Uint8Array(nodeCodec.sha256(Uint8Array.of(i / 3, i / 768)).subarray(0, 16))
  const { span } = odd[0]!
  const attributes: Span['attributes'] = [
    { key: 'order.id', value: { kind: 'string', value: `order ${i % 4_000}` } },
    { key: 'http.route', value: { kind: 'string', value: `/items/${i % 3}` } },
    { key: 'weight', value: { kind: 'double', value: i / 7 } },
    { key: 'cached', value: { kind: 'bool', value: i % 3 === 0 } },
  ]
  const event = { timeNs: BigInt(i) * 1_000_003n, name: `event ${i}`, attributes: [] }
  const events = i % 2 === 0 ? [] : [{ ...event, droppedAttributesCount: 0 }]
  const startNs = 1_700_000_000_000_000_000n + BigInt(i) * 1_000_003n
  const name = i % 2 === 0 ? 'GET' : 'POST'
  const own = { traceId, attributes, events, links: [], name, startNs, endNs: startNs + BigInt(i) }
  return { span: { ...span, ...own }, envelope: 1 }
})

const fresh = (placed: readonly PlacedSpan[]) =>
  encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
const merged = (placed: readonly PlacedSpan[]) =>
  merge([0, 1].map((half) => freshInput(placed.filter((_, i) => i % 2 === half)))).files[0]!

function summaryFile(summaries: Summaries): Uint8Array {
  return encodeSummaryFile(summaries, nodeCodec).bytes
}

const files: Readonly<Record<string, [file: Uint8Array, leaves: readonly Leaf[]]>> = {
  'a small fresh file': withLeaves(fresh(odd)),
  'a large fresh file': withLeaves(fresh(plain)),
  'a small span file': withLeaves(merged(odd).bytes),
  'a small summary file': [summaryFile(merged(odd).summaries), leavesOf(summarySchema)],
  'a large summary file': [summaryFile(merged(plain).summaries), leavesOf(summarySchema)],
}

function withLeaves(file: Uint8Array): [Uint8Array, readonly Leaf[]] {
  return [file, leavesOf(spanSchema(attributesOf(file)))]
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly place: ChunkPlace
  readonly leaf: Leaf
  readonly rows: number
}

function attributesOf(file: Uint8Array) {
  const footer = decodeFooterSuffix(file, file.length)
  if ('kind' in footer) throw new Error('a whole file has its footer')
  return readAttributeColumns(footer.keyValues)
}

function chunksOf([file, leaves]: readonly [Uint8Array, readonly Leaf[]]): Chunk[] {
  const footer = decodeFooterSuffix(file, file.length)
  if ('kind' in footer) throw new Error('a whole file has its footer')
  return footer.groups.flatMap(({ rows, chunks }) =>
    chunks.map((place) => {
      const bytes = file.slice(place.offset, place.offset + place.bytes)
      const leaf = leaves.find(({ path }) => path.join('.') === place.path)!
      return { bytes, place, leaf, rows }
    }),
  )
}

/** Of a file with chunks of several pages those: small chunks are like those of small files. */
function worthFlipping(chunks: readonly Chunk[]): readonly Chunk[] {
  const large = chunks.filter((chunk) => pagesOf(chunk).length > 2)
  return large.length > 0 ? large : chunks
}

/** Where each page's header begins, and where its body does. */
function pagesOf({ bytes, place }: Chunk) {
  const reader = new ByteReader(bytes, place.path)
  const pages = []
  while (reader.left > 0) {
    const from = reader.offset
    const header = readPageHeader(reader)
    pages.push({ header, from, bodyFrom: reader.offset })
    reader.take(header.bytes)
  }
  return pages
}

/** Every way in which a chunk is read: whole, and of some rows only, on several pages or on one. */
function readings({ place, leaf, rows }: Chunk): ((bytes: Uint8Array) => unknown)[] {
  const ranges = [
    [0, rows],
    [rows >> 1, (rows >> 1) + 1],
  ] as const
  return [
    (bytes) => readColumn(bytes, place, leaf, rows, nodeCodec),
    ...ranges.map(([from, to]) => (bytes: Uint8Array) => {
      return readChunkRows(bytes, place, leaf, { from, to, of: rows }, nodeCodec)
    }),
  ]
}

/** All bits of every page's header, and some all over its body. */
function bitsOf(chunk: Chunk): number[] {
  const bits: number[] = []
  const pages = pagesOf(chunk)
  for (const [i, { from, bodyFrom }] of pages.entries()) {
    const end = pages[i + 1]?.from ?? chunk.bytes.length
    for (let bit = from * 8; bit < bodyFrom * 8; bit++) bits.push(bit)
    const step = 8 * Math.ceil((end - bodyFrom) / 16) + 1
    for (let bit = bodyFrom * 8; bit < end * 8; bit += step) bits.push(bit)
  }
  return bits
}

describe.each(Object.entries(files))('of %s', (_, file) => {
  test('a flipped bit in any page is refused, or changes nothing that is read', () => {
    for (const chunk of worthFlipping(chunksOf(file))) {
      for (const [way, read] of readings(chunk).entries()) {
        const whole = read(chunk.bytes)
        for (const bit of bitsOf(chunk)) {
          const broken = chunk.bytes.slice()
          broken[bit >> 3]! ^= 1 << (bit & 7)
          const found = outcomeOf(() => read(broken))
          if (found === 'corrupt' || isDeepStrictEqual(found, whole)) continue
          const page = pagesOf(chunk).findLast(({ from }) => from * 8 <= bit)!
          const at = `byte ${(bit >> 3) - page.from} bit ${bit & 7}, body at ${page.bodyFrom - page.from}`
          expect.fail(
            `${chunk.place.path} read in way ${way}: ${at} of ${JSON.stringify(page.header)}`,
          )
        }
      }
    }
  })

  test('a page carries a checksum, its own or that of its zstd frame', () => {
    for (const chunk of chunksOf(file)) {
      for (const { header, bodyFrom } of pagesOf(chunk)) {
        const isBare = chunk.place.codec === codecUncompressed || header.kind === 'nested'
        const body = chunk.bytes.subarray(bodyFrom, bodyFrom + header.bytes)
        expect(header.crc).toBe(isBare ? crc32(body) | 0 : undefined)
      }
    }
  })
})

test('a page without its checksum is refused by the name of its column; one that never had any is read', () => {
  const chunk = chunksOf(files['a small fresh file']!).find(
    ({ place }) => place.path === 'span_id',
  )!
  const other = new ByteWriter()
  const without = new ByteWriter()
  for (const { header, bodyFrom } of pagesOf(chunk)) {
    const body = chunk.bytes.subarray(bodyFrom, bodyFrom + header.bytes)
    writePageHeader(other, { ...header, crc: 7 })
    writePageHeader(without, { ...header, crc: undefined })
    for (const out of [other, without]) out.append(body)
  }
  for (const read of readings(chunk)) {
    expect(read(without.copy())).toEqual(read(chunk.bytes))
    expect(() => read(other.copy())).toThrow(
      expect.objectContaining({
        kind: 'corrupt',
        message: 'column span_id holds a page that does not have its checksum',
      }),
    )
  }
})

function outcomeOf(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (kindOf(error) === 'corrupt') return 'corrupt'
    return expect.fail(`throws kind ${kindOf(error)}: ${messageOf(error)}`)
  }
}
