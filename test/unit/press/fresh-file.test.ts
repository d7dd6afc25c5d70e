import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { decodeSummaries, findTraceRows } from '../../../src/index/summaries.ts'
import { mightHoldTrace } from '../../../src/index/trace-filter.ts'
import { encodeFreshFile } from '../../../src/press/fresh-file.ts'
import { decodeFreshTail } from '../../../src/press/fresh-tail.ts'
import { decodeRowGroup } from '../../../src/press/read-spans.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { batchOfSpans } from './batch-of-spans.ts'
import { contents, fileOrder, normal, readAll, tailOf } from './whole-files.ts'

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

test('only the rows asked for are written, with the envelope places asked for', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 11 })[0]!
  const rows = Uint32Array.from(placed.keys()).filter((row) => row % 2 === 0)
  const file = encodeFreshFile(batchOfSpans(placed), {
    rows,
    envelopePlaces: Uint32Array.of(2, 0, 1),
    contents,
    codec: nodeCodec,
  })
  const expected = Array.from(rows, (row) => placed[row]!)
    .sort(fileOrder)
    .map(({ span, envelope }) => normal({ span, envelope: (envelope + 2) % 3 }))
  expect(readAll(file).map(normal)).toEqual(expected)
})

test('a file without rows is a file', () => {
  const file = encodeFreshFile(batchOfSpans([]), { contents, codec: nodeCodec })
  expect(tailOf(file)).toMatchObject({ rows: 0, traces: 0, rowGroups: [] })
  expect(mightHoldTrace(tailOf(file).filter, new Uint8Array(16))).toBe(false)
})

test('a tail asks for exactly the bytes it needs', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 3 })[0]!
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  let suffixBytes = 0
  for (let reads = 0; reads < 5; reads++) {
    const tail = decodeFreshTail(file.subarray(file.length - suffixBytes), file.length)
    if (!('kind' in tail)) {
      const short = file.subarray(file.length - suffixBytes + 1)
      expect(decodeFreshTail(short, file.length)).toEqual({ kind: 'needs-more', suffixBytes })
      return
    }
    expect(tail.suffixBytes).toBeGreaterThan(suffixBytes)
    suffixBytes = tail.suffixBytes
  }
  throw new Error('never enough')
})

test('row groups end between traces, within the bound on rows', () => {
  const template = fc.sample(arbitrarySpans, { numRuns: 1, seed: 5 })[0]![0]!
  const placed = Array.from({ length: 12_000 }, (_, i) => {
    const traceId = new Uint8Array(16)
    new DataView(traceId.buffer).setUint32(0, Math.floor(i / 7))
    const spanId = new Uint8Array(8)
    new DataView(spanId.buffer).setUint32(4, i)
    const span = { ...template.span, traceId, spanId, startNs: BigInt(i), endNs: BigInt(i + 5) }
    return { span: { ...span, events: [], links: [], attributes: [] }, envelope: 0 }
  })
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  const { rowGroups, summaries } = tailOf(file)
  expect(rowGroups.map(({ rows }) => rows)).toEqual([6_118, 5_882])
  const id = placed[6_118]!.span.traceId
  expect(rowGroups[1]).toMatchObject({ firstRow: 6_118, minTraceId: id })
  expect(findTraceRows(summaries, id, nodeCodec)).toEqual({ from: 6_118, to: 6_125 })
  const group = rowGroups[1]!
  const bytes = file.subarray(group.offset, group.offset + group.bytes)
  const spans = decodeRowGroup(bytes, group, { from: 1_203, to: 1_206 }, nodeCodec)
  expect(spans.map(({ span }) => span.startNs)).toEqual([7_321n, 7_322n, 7_323n])
})

test('row groups of large spans stay within the bound on bytes', () => {
  const template = fc.sample(arbitrarySpans, { numRuns: 1, seed: 5 })[0]![0]!
  const placed = Array.from({ length: 600 }, (_, i) => {
    const traceId = new Uint8Array(16)
    new DataView(traceId.buffer).setUint32(0, i)
    const noise = nodeCodec.sha256(traceId)
    const value = Array.from({ length: 60 }, () => Buffer.from(noise).toString('base64')).join(
      String(i),
    )
    const body = Array.from(nodeCodec.gzip(new TextEncoder().encode(value)), (byte) =>
      String.fromCharCode(33 + (byte % 90)),
    )
    const attributes = Array.from({ length: 16 }, (_, n) => ({
      key: `body.n${n}`,
      value: {
        kind: 'string' as const,
        value: `${n}${body.reverse().join('')}${Math.sqrt(i * 16 + n)}`,
      },
    }))
    return { span: { ...template.span, traceId, attributes }, envelope: 0 }
  })
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  const { rowGroups } = tailOf(file)
  expect(rowGroups.length).toBeGreaterThan(1)
  for (const { bytes, footerBytes } of rowGroups)
    expect(bytes - footerBytes).toBeLessThanOrEqual(512 * 1024)
  expect(readAll(file).map(normal)).toEqual(placed.map(normal))
})

test('broken bytes are corrupt or harmless, never anything worse', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 13 })[0]!
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  const { rowGroups } = tailOf(file)
  const [group] = rowGroups
  const corruptOrFine = (call: () => unknown) => {
    try {
      call()
    } catch (error) {
      expect(error).toMatchObject({ kind: 'corrupt' })
    }
  }
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (seed, flip, nearTheEnd) => {
        const broken = file.slice()
        const start = nearTheEnd ? Math.floor(file.length * 0.6) : 0
        broken[start + (seed % (file.length - start))]! ^= flip
        corruptOrFine(() => decodeFreshTail(broken, broken.length))
        const bytes = broken.subarray(group!.offset, group!.offset + group!.bytes)
        corruptOrFine(() => decodeRowGroup(bytes, group!, { from: 0, to: group!.rows }, nodeCodec))
        const footer = broken.subarray(
          group!.footerOffset,
          group!.footerOffset + group!.footerBytes,
        )
        corruptOrFine(() =>
          decodeRowGroup(
            footer,
            { offset: 0, bytes: footer.length },
            { from: 0, to: 1 },
            nodeCodec,
          ),
        )
      },
    ),
    { numRuns: 400, seed: 1 },
  )
})

test('a flipped bit anywhere in the tail is noticed', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 13 })[0]!
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  const { rowGroups } = tailOf(file)
  const last = rowGroups.at(-1)!
  const footerBytes = new DataView(file.buffer).getUint32(file.length - 8, true)
  const tailEnd = file.length - 8 - footerBytes
  for (let at = last.offset + last.bytes; at < tailEnd; at += 3) {
    const broken = file.slice()
    broken[at]! ^= 4
    expect(() => decodeFreshTail(broken, broken.length)).toThrow(/^fresh file tail/)
  }
})

test('a list of envelopes that does not fit the spans or the times is a bug', () => {
  const [first] = fc.sample(arbitrarySpans, { numRuns: 1, seed: 3 })[0]!
  const batch = batchOfSpans([{ span: first!.span, envelope: 2 }])
  const encode = (changes: Partial<typeof contents>) => () =>
    encodeFreshFile(batch, { contents: { ...contents, ...changes }, codec: nodeCodec })
  expect(encode({})).not.toThrow()
  expect(encode({ envelopes: contents.envelopes.slice(0, 2) })).toThrow(
    'span must be of a listed envelope, got 2',
  )
  expect(encode({ receivedFromMs: contents.receivedFromMs + 1 })).toThrow(
    /^envelope must be received/,
  )
  expect(encode({ receivedToMs: contents.receivedToMs - 1 })).toThrow(/^envelope must be received/)
})
