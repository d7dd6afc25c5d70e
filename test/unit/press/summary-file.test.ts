import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { kindOf } from '../../../src/errors.ts'
import type { TraceSummary } from '../../../src/index/summaries.ts'
import { summaryGroupRows } from '../../../src/limits.ts'
import { decodeFooterSuffix } from '../../../src/press/file-footer.ts'
import { readMiniFooter } from '../../../src/press/mini-footer.ts'
import { decodeSummaryFile } from '../../../src/press/read-summary-file.ts'
import { encodeSummaryFile } from '../../../src/press/summary-file.ts'
import { expectCutsRefused } from '../index/broken-bytes.ts'
import { summariesOf } from './summaries-of.ts'

const decode = (bytes: Uint8Array) => decodeSummaryFile(bytes, nodeCodec)
const encode = (traces: readonly TraceSummary[]) =>
  encodeSummaryFile(summariesOf(traces), nodeCodec)

function newestFirst(a: TraceSummary, b: TraceSummary): number {
  if (a.startNs !== b.startNs) return a.startNs > b.startNs ? -1 : 1
  return Buffer.compare(a.traceId, b.traceId)
}

const u32 = fc.oneof(fc.nat({ max: 3 }), fc.constant(0xffff_ffff), fc.nat({ max: 0xffff_ffff }))
const times = fc.oneof(
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, 2n ** 32n, 2n ** 63n - 1n),
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_003_000_000_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const texts = fc.oneof(
  fc.constantFrom('', 'GET /', '\ufeffbom', 'zażółć', '🦊', '\0', 'checkout'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
/** A root has a start and a name; it may be of no service. */
const roots = fc.oneof(
  fc.record({
    rootStartNs: times,
    rootService: fc.option(texts, { nil: undefined }),
    rootName: texts,
  }),
  fc.constant({ rootStartNs: undefined, rootService: undefined, rootName: undefined }),
)

const summaries = fc.uniqueArray(
  fc
    .record({
      traceId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      startNs: times,
      endNs: times,
      root: roots,
      spans: u32,
      errors: u32,
      services: fc.array(texts, { maxLength: 4 }),
    })
    .map(({ root, ...summary }): TraceSummary => ({ ...summary, ...root })),
  { selector: ({ traceId }) => Buffer.from(traceId).toString('hex'), maxLength: 40 },
)

test('summaries come back as they were, the most recent start first', () => {
  fc.assert(
    fc.property(summaries, (traces) => {
      expect(decode(encode(traces).bytes)).toEqual(traces.toSorted(newestFirst))
    }),
    { numRuns: 150 },
  )
})

/** `count` traces of which some start together. */
function manyTraces(count: number): TraceSummary[] {
  return Array.from({ length: count }, (_, i) => {
    const traceId = new Uint8Array(16)
    new DataView(traceId.buffer).setUint32(0, Math.imul(i, 0x9e3779b1))
    const startNs = 1_795_194_180_000_000_000n + BigInt(Math.floor(i / 3) * 1_000)
    return {
      traceId,
      startNs,
      endNs: startNs + BigInt(i),
      rootStartNs: startNs + BigInt(i % 11),
      rootService: i % 5 === 0 ? undefined : `service ${i % 7}`,
      rootName: `op ${i % 300}`,
      spans: 1 + (i % 90),
      errors: i % 2,
      services: i % 4 === 0 ? [] : [`service ${i % 7}`, 'zzz'],
    }
  })
}

test.each([
  [0, []],
  [1, [1]],
  [summaryGroupRows, [summaryGroupRows]],
  [summaryGroupRows + 1, [summaryGroupRows, 1]],
  [2 * summaryGroupRows + 7, [summaryGroupRows, summaryGroupRows, 7]],
])('%i traces make row groups of %j', (count, rows) => {
  const traces = manyTraces(count)
  const { bytes, groups } = encode(traces)
  expect(groups.map((group) => group.rows)).toEqual(rows)
  expect(decode(bytes)).toEqual(traces.toSorted(newestFirst))
  let end = 4
  for (const { offset, bytes: length, rows: own } of groups) {
    expect(offset).toBe(end)
    end = offset + length
    // Behind each group stands its own footer, which tells the same as the file's.
    const footer = readMiniFooter(bytes.subarray(offset, end), nodeCodec)
    expect(footer.groups.map((group) => group.rows)).toEqual([own])
    expect(decodeFooterSuffix(bytes, bytes.length)).toMatchObject({
      groups: expect.arrayContaining([footer.groups[0]]),
    })
  }
})

const goldenPath = new URL('../../golden/compat/summaries-v1.parquet', import.meta.url)
const id = (fill: number) => new Uint8Array(16).fill(fill)
const startNs = 1_795_194_180_000_000_000n

/** In the order of the file. What changes here after a release belongs into a golden file of its own. */
const sample: readonly TraceSummary[] = [
  {
    traceId: id(9),
    startNs: 2n ** 63n - 1n,
    endNs: -(2n ** 63n),
    rootStartNs: undefined,
    rootService: undefined,
    rootName: undefined,
    spans: 0xffff_ffff,
    errors: 0xffff_ffff,
    services: [],
  },
  ...Array.from({ length: 40 }, (_, i): TraceSummary => {
    return {
      traceId: id(i + 20),
      startNs,
      endNs: startNs + BigInt(i * 1_000_003),
      rootStartNs: startNs + BigInt(i % 9 === 0 ? i : 0),
      rootService: 'checkout',
      rootName: `GET /cart/${i % 20}`,
      spans: i + 1,
      errors: i % 3,
      services: ['cart', 'checkout'].slice(i % 3),
    }
  }),
  {
    traceId: id(0),
    startNs: 5n,
    endNs: 4n,
    rootStartNs: -(2n ** 63n),
    rootService: '',
    rootName: '\ufeffzażółć 🦊',
    spans: 1,
    errors: 0,
    services: ['', '\0', 'zażółć'],
  },
  {
    traceId: id(0xff),
    startNs: -(2n ** 63n),
    endNs: 2n ** 63n - 1n,
    rootStartNs: undefined,
    rootService: undefined,
    rootName: undefined,
    spans: 0,
    errors: 0,
    services: ['checkout'],
  },
]

if (process.env.UPDATE_GOLDEN === '1') writeFileSync(goldenPath, encode(sample).bytes)

test('a file of version 1 reads as it always did (UPDATE_GOLDEN=1 writes a new one: never after a release)', () => {
  expect(decode(new Uint8Array(readFileSync(goldenPath)))).toEqual(sample)
})

// Another zstd may make other frames, which read the same.
test.runIf(process.versions.zstd === '1.5.7')('a file of version 1 is written as it was', () => {
  expect(Buffer.from(encode(sample).bytes).equals(readFileSync(goldenPath))).toBe(true)
})

test('bytes cut short are corrupt', () => {
  expectCutsRefused(encode(sample).bytes, decode)
})

test('a changed bit in a row group is noticed, or changes nothing', () => {
  const { bytes, groups } = encode(sample)
  const { offset, bytes: length } = groups[0]!
  for (let at = offset; at < offset + length; at++) {
    const broken = bytes.slice()
    broken[at]! ^= 1 << (at % 8)
    try {
      expect(decode(broken)).toEqual(sample)
    } catch (error) {
      expect(kindOf(error)).toBe('corrupt')
    }
  }
})

test('a changed bit in the footer is noticed, or changes no more than what is read', () => {
  const { bytes, groups } = encode(sample)
  const end = groups[0]!.offset + groups[0]!.bytes
  for (let bit = end * 8; bit < bytes.length * 8; bit++) {
    const broken = bytes.slice()
    broken[bit >> 3]! ^= 1 << (bit & 7)
    try {
      decode(broken)
    } catch (error) {
      if (kindOf(error) !== 'corrupt') expect.fail(`byte ${bit >> 3} bit ${bit & 7}: ${error}`)
    }
  }
})

test.each([
  ['2', 2],
  ['0', 0],
  ['x', 0],
])('a file of version %s is refused, and the message says so', (text, version) => {
  const { bytes } = encode(sample)
  const key = Buffer.from(bytes).lastIndexOf('spanlake.version')
  // Behind the key: the next field's type and number, the length of its text, its text.
  bytes[key + 'spanlake.version'.length + 2] = text.charCodeAt(0)
  expect(() => decode(bytes)).toThrow(
    expect.objectContaining({ kind: 'corrupt', message: `summary file is of version ${version}` }),
  )
})

const spans = new URL('../../golden/compat/fresh-v1.parquet', import.meta.url)

test.each([
  ['no file', new Uint8Array(), /must be within|claims 8 bytes/],
  ['another file', new TextEncoder().encode('PAR1, but nothing more'), 'must end in PAR1'],
  ['a file of spans', new Uint8Array(readFileSync(spans)), 'must have column'],
])('%s is corrupt', (_, bytes, complaint) => {
  expect(() => decode(bytes)).toThrow(complaint)
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ kind: 'corrupt' }))
})
