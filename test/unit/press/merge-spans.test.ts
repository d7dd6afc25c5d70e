import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { decodeSummaries, encodeSummaries } from '../../../src/index/summaries.ts'
import { mergeOpenRowsMax } from '../../../src/limits.ts'
import { dedupeSpans } from '../../../src/lookup/dedupe-spans.ts'
import type { MergedFile } from '../../../src/press/merge-spans.ts'
import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { arbitrarySpan, arbitrarySpans } from './arbitrary-spans.ts'
import type { PlacedSpan } from './batch-of-spans.ts'
import { columnsOf, freshInput, merge, spanFileInput, spansIn } from './merged-files.ts'
import { fileOrder, normal } from './whole-files.ts'

/** What files hold after a merge: one copy a span, in the order of the file. */
function expected(placed: readonly PlacedSpan[]): Span[] {
  const traces = Map.groupBy(placed, ({ span }) => hexOf(span.traceId))
  return [...traces.values()]
    .flatMap((trace) => dedupeSpans(trace.map(({ span }) => span)))
    .map((span) => ({ span, envelope: 0 }))
    .sort(fileOrder)
    .map((one) => normal(one).span)
}

/** Spans that differ in nothing that the order sees may stand either way. */
function settled(spans: readonly Span[]): Span[] {
  return spans.toSorted(
    (a, b) =>
      fileOrder({ span: a, envelope: 0 }, { span: b, envelope: 0 }) || (a.name < b.name ? -1 : 1),
  )
}

/** Files with copies of some spans, whole or with another end, of another one. */
const arbitraryFiles = fc.array(arbitrarySpans, { minLength: 1, maxLength: 5 }).chain((files) => {
  const all = files.flat()
  const copies = fc.array(
    fc.record({
      from: fc.nat({ max: all.length - 1 }),
      to: fc.nat({ max: files.length - 1 }),
      later: fc.bigInt({ min: 0n, max: 2n }),
      message: fc.constantFrom('', 'a longer copy', 'the longest copy of all'),
    }),
    { maxLength: 8 },
  )
  return copies.map((list) =>
    files.map((file, i) => [
      ...file,
      ...list
        .filter(({ to }) => to === i)
        .map(({ from, later, message }) => {
          const { span, envelope } = all[from]!
          const endNs = BigInt.asUintN(64, span.endNs + later)
          const statusMessage = span.statusMessage + message
          return { span: { ...span, endNs, statusMessage }, envelope }
        }),
    ]),
  )
})

test('files of any spans become one file that holds each span once', () => {
  fc.assert(
    fc.property(arbitraryFiles, (files) => {
      const result = merge(files.map(freshInput))
      const spans = expected(files.flat())
      expect(settled(spansIn(result.files))).toEqual(settled(spans))
      expect(result.rowsRead).toBe(files.flat().length)
      expect(result.repeatsDropped).toBe(files.flat().length - spans.length)
      expect(columnsOf(result.files[0]!.bytes)).toEqual(result.files[0]!.columns)
    }),
    { numRuns: 60 },
  )
})

test('merging merged files changes nothing', () => {
  fc.assert(
    fc.property(arbitraryFiles, (files) => {
      const half = Math.ceil(files.length / 2)
      const parts = [files.slice(0, half), files.slice(half)].map((part) =>
        merge(part.map(freshInput)),
      )
      const inputs = parts.flatMap(({ files: merged }) => merged.map(spanFileInput))
      const once = merge(inputs)
      expect(settled(spansIn(once.files))).toEqual(settled(expected(files.flat())))
      const twice = merge(once.files.map(spanFileInput))
      expect(spansIn(twice.files)).toEqual(spansIn(once.files))
      expect(twice.files[0]!.columns).toEqual(once.files[0]!.columns)
      expect(twice.files[0]!.summaries).toEqual(once.files[0]!.summaries)
    }),
    { numRuns: 30 },
  )
})

test('each trace goes whole to the partition of its first start', () => {
  fc.assert(
    fc.property(arbitraryFiles, (files) => {
      const partitionOf = (startNs: bigint) => Number(((startNs % 3n) + 3n) % 3n)
      const result = merge(files.map(freshInput), { partitions: 3, partitionOf })
      expect(settled(spansIn(result.files))).toEqual(settled(expected(files.flat())))
      for (const file of result.files) {
        const traces = Map.groupBy(spansIn([file]), ({ traceId }) => hexOf(traceId))
        for (const [first] of traces.values()) {
          expect(partitionOf(BigInt.asIntN(64, first!.startNs))).toBe(file.partition)
        }
        expect(file.traces).toBe(traces.size)
      }
      const ids = result.files.flatMap(({ summaries: { traceIds } }) => idsIn(traceIds))
      expect(new Set(ids).size).toBe(ids.length)
    }),
    { numRuns: 30 },
  )
})

function idsIn(traceIds: Uint8Array): string[] {
  return Array.from({ length: traceIds.length / 16 }, (_, i) =>
    hexOf(traceIds.subarray(i * 16, i * 16 + 16)),
  )
}

/** What summaries, places, bounds and counts must be, from the spans themselves. */
function checkIndex(file: MergedFile): void {
  const spans = spansIn([file])
  const signed = (ns: bigint) => BigInt.asIntN(64, ns)
  const summaries = decodeSummaries(encodeSummaries(file.summaries, nodeCodec), nodeCodec)
  const traces = [...Map.groupBy(spans, ({ traceId }) => hexOf(traceId)).values()]
  expect(summaries).toEqual(
    traces.map((trace) => {
      const root = rootOf(trace)
      const services = trace.map(serviceOf).filter((service) => service !== undefined)
      return {
        traceId: trace[0]!.traceId,
        startNs: signed(trace[0]!.startNs),
        endNs: trace.map(({ endNs }) => signed(endNs)).reduce((a, b) => (a > b ? a : b)),
        rootStartNs: root && signed(root.startNs),
        rootService: root && serviceOf(root),
        rootName: root?.name,
        spans: trace.length,
        errors: trace.filter(({ statusCode }) => statusCode === 2).length,
        services: [...new Set(services)].sort(),
      }
    }),
  )
  expect(file.rows).toBe(spans.length)
  const starts = spans.map(({ startNs }) => signed(startNs)).sort((a, b) => (a < b ? -1 : 1))
  expect([file.startMinNs, file.startMaxNs]).toEqual([starts[0], starts.at(-1)])
  expect(file.endMaxNs).toBe(
    spans.map(({ endNs }) => signed(endNs)).reduce((a, b) => (a > b ? a : b)),
  )
  const { places, groups } = file
  let at = 0
  for (let i = 0; i < places.length; i++) {
    const first = groups.slice(0, places.groups[i]).reduce((sum, { rows }) => sum + rows, 0)
    expect(first + places.firstRows[i]!).toBe(at)
    expect(places.startNs[i]).toBe(signed(spans[at]!.startNs))
    const id = places.traceIds.slice(i * 16, i * 16 + 16)
    const rows = spans.slice(at, at + places.rows[i]!)
    expect(rows.map(({ traceId }) => traceId)).toEqual(rows.map(() => id))
    at += places.rows[i]!
  }
  expect(at).toBe(spans.length)
  let row = 0
  for (const group of groups) {
    const own = spans.slice(row, row + group.rows)
    expect([group.minTraceId, group.maxTraceId]).toEqual([own[0]!.traceId, own.at(-1)!.traceId])
    const within = own.map(({ startNs }) => signed(startNs)).sort((a, b) => (a < b ? -1 : 1))
    expect([group.startMinNs, group.startMaxNs]).toEqual([within[0], within.at(-1)])
    row += group.rows
  }
  const counts = new Map<string, number>()
  for (const span of spans) {
    for (const scope of ['resource', 'scope', 'span'] as const) {
      const { attributes } = scope === 'span' ? span : span[scope]
      for (const { key, value } of attributes) {
        const type = ['bytes', 'array', 'map', 'empty'].includes(value.kind) ? 'json' : value.kind
        const id = `${scope} ${type} ${key}`
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
    }
  }
  const { own, rest } = file.columns
  const named = [...own, ...(rest === 'any' ? [] : rest)]
  expect(
    new Map(named.map(({ scope, key, type, count }) => [`${scope} ${type} ${key}`, count])),
  ).toEqual(counts)
}

function serviceOf({ resource }: Span): string | undefined {
  const service = resource.attributes.find(({ key }) => key === 'service.name')?.value
  return service?.kind === 'string' ? service.value : undefined
}

/** Of those without a parent that which starts first, then by name, then by service. */
function rootOf(spans: readonly Span[]): Span | undefined {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === undefined)
    .toSorted(
      (a, b) =>
        compare(BigInt.asIntN(64, a.startNs), BigInt.asIntN(64, b.startNs)) ||
        compare(a.name, b.name) ||
        compare(serviceOf(a) === undefined ? 0 : 1, serviceOf(b) === undefined ? 0 : 1) ||
        compare(serviceOf(a) ?? '', serviceOf(b) ?? ''),
    )[0]
}

function compare<T extends bigint | string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

test('summaries, places, bounds and counts are those of the rows', () => {
  fc.assert(
    fc.property(arbitraryFiles, (files) => {
      const partitionOf = (startNs: bigint) => Number(((startNs % 2n) + 2n) % 2n)
      const result = merge(files.map(freshInput), { partitions: 2, partitionOf })
      result.files.forEach(checkIndex)
    }),
    { numRuns: 30 },
  )
})

test('nothing becomes nothing', () => {
  expect(merge([])).toEqual({
    files: [],
    rowsRead: 0,
    rowsDropped: 0,
    repeatsDropped: 0,
    pauses: 0,
  })
  expect(merge([freshInput([])]).files).toEqual([])
  const placed = fc.sample(arbitrarySpans, { numRuns: 1, seed: 7 })[0]!
  const all = new Set(placed.keys())
  const result = merge([{ ...freshInput(placed), dropRows: all }])
  expect(result).toMatchObject({ files: [], rowsDropped: placed.length })
})

test('rows of dropped envelopes and dropped rows stay out', () => {
  const placed = fc.sample(arbitrarySpans, { numRuns: 3, seed: 4 }).flat()
  const sorted = [...placed].sort(fileOrder)
  const dropRows = new Set([0, 3, sorted.length - 1])
  const inputs = [
    { ...freshInput(placed), dropRows },
    { ...freshInput(placed.map(({ span }) => ({ span: { ...span, flags: 7 }, envelope: 1 }))) },
  ]
  const kept = sorted.filter((_, row) => !dropRows.has(row))
  const dropEnvelopes = new Set([1])
  const result = merge([inputs[0]!, { ...inputs[1]!, dropEnvelopes }])
  expect(settled(spansIn(result.files))).toEqual(settled(expected(kept)))
  expect(result.rowsDropped).toBe(3 + sorted.length)
  const some = freshInput(placed)
  const onlyFirst = merge([{ ...some, dropEnvelopes: new Set([1, 2]) }])
  const first = placed.filter(({ envelope }) => envelope === 0)
  expect(settled(spansIn(onlyFirst.files))).toEqual(settled(expected(first)))
})

const template = fc.sample(arbitrarySpan, { numRuns: 1, seed: 12 })[0]!

function plainSpan(trace: number, row: number, attributes: Span['attributes'] = []): PlacedSpan {
  const traceId = new Uint8Array(16)
  new DataView(traceId.buffer).setUint32(0, trace + 1)
  const spanId = new Uint8Array(8)
  new DataView(spanId.buffer).setUint32(4, row + 1)
  const times = { startNs: BigInt(row), endNs: BigInt(row + 5) }
  const span = { ...template, traceId, spanId, ...times, attributes, events: [], links: [] }
  return { span, envelope: 0 }
}

const text = (key: string, value: string) => ({ key, value: { kind: 'string' as const, value } })

test('a rest key that became frequent gets a column, and a column that became rare goes to the rest', () => {
  // 1 of 300 rows has `often`: in the rest. Six such files beside 40 rows that all have it: frequent.
  const sparse = Array.from({ length: 6 }, (_, file) =>
    freshInput(
      Array.from({ length: 300 }, (_, i) =>
        plainSpan(file * 300 + i, i, i === 7 ? [text('often', `${file}`)] : []),
      ),
    ),
  )
  const dense = freshInput(
    Array.from({ length: 40 }, (_, i) =>
      plainSpan(5_000 + i, i, [text('often', 'x'), ...(i === 3 ? [text('once', 'y')] : [])]),
    ),
  )
  expect(sparse[0]!.columns.own.map(({ key }) => key)).not.toContain('often')
  expect(dense.columns.own).toContainEqual({ scope: 'span', key: 'once', type: 'string', count: 1 })
  const result = merge([...sparse, dense])
  const { own, rest } = result.files[0]!.columns
  expect(own).toContainEqual({ scope: 'span', key: 'often', type: 'string', count: 46 })
  expect(rest).toContainEqual({ scope: 'span', key: 'once', type: 'string', count: 1 })
  checkIndex(result.files[0]!)
  const values = spansIn(result.files).flatMap(({ attributes }) => attributes)
  expect(values.filter(({ key }) => key === 'often')).toHaveLength(46)
  expect(values).toContainEqual(text('once', 'y'))
})

test('a group ends before the bound on rows is passed, between traces', () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => plainSpan(Math.floor(i / 7), i))
  const even = rows.filter((_, i) => i % 2 === 0)
  const odd = rows.filter((_, i) => i % 2 === 1)
  const { files } = merge([freshInput(even), freshInput(odd)])
  expect(files[0]!.groups.map((group) => group.rows)).toEqual([9_996, 2_004])
  checkIndex(files[0]!)
})

/** Two inputs of three and two groups, with values that fill the tables, that few rows have, and that all share. */
const large = (() => {
  const rows = Array.from({ length: 21_600 }, (_, i) =>
    plainSpan(Math.floor(i / 3), i, [
      text('noise', `${i} `.repeat(90)),
      text('pick', `${i % 3}`),
      ...(i % 7 === 0 ? [text('some', `${i % 2}`)] : []),
    ]),
  )
  const few = (i: number) => Math.floor(i / 3) % 11 === 0
  const inputs = [
    rows.filter((_, i) => few(i) || i > 18_000),
    rows.filter((_, i) => !few(i) && i <= 18_000),
  ]
  return { spans: expected(rows), inputs: inputs.map(freshInput).reverse() }
})()

test('inputs of many groups pass window by window', () => {
  expect(large.inputs.map(({ groups }) => groups.length)).toEqual([2, 1])
  for (const inputs of [large.inputs, large.inputs.toReversed()]) {
    const { files, repeatsDropped } = merge(inputs)
    expect(repeatsDropped).toBe(0)
    expect(files).toHaveLength(1)
    expect(files[0]!.groups.length).toBeGreaterThan(2)
    expect(spansIn(files)).toEqual(large.spans)
  }
})

test('files end before they are larger than told, and share no trace', () => {
  const whole = merge(large.inputs).files[0]!
  expect(merge(large.inputs, { fileBytesMax: whole.bytes.length * 2 }).files).toHaveLength(1)
  const fileBytesMax = Math.ceil(whole.bytes.length * 0.8)
  const { files } = merge(large.inputs, { fileBytesMax })
  expect(files).toHaveLength(2)
  for (const { bytes } of files) expect(bytes.length).toBeLessThanOrEqual(fileBytesMax)
  expect(spansIn(files)).toEqual(large.spans)
  const ids = files.flatMap(({ summaries }) => idsIn(summaries.traceIds))
  expect(new Set(ids).size).toBe(7_200)
  expect(ids).toHaveLength(7_200)
  files.forEach(checkIndex)
})

test('a row keeps what it had in the rest beside what lost its column', () => {
  const rows = Array.from({ length: 300 }, (_, i) =>
    plainSpan(i, i, [
      ...(i < 2 ? [text('own', `${i}`)] : []),
      ...(i === 0
        ? [text('rare', 'r'), { key: 'n', value: { kind: 'int' as const, value: 5n } }]
        : []),
    ]),
  )
  const some = freshInput(rows)
  expect(some.columns.own.map(({ key }) => key)).toContain('own')
  const others = Array.from({ length: 600 }, (_, i) => plainSpan(1_000 + i, i))
  const result = merge([some, freshInput(others)])
  expect(result.files[0]!.columns.own.map(({ key }) => key)).not.toContain('own')
  expect(spansIn(result.files)).toEqual(expected([...rows, ...others]))
  checkIndex(result.files[0]!)
})

test('open groups end early when all partitions together hold too many rows', () => {
  // A sixth of what may be open together, which fills no group: six are not cut, eight are.
  const each = Math.floor(mergeOpenRowsMax / 6)
  const rowsOf = (partitions: number, each: number) =>
    Array.from({ length: partitions * each }, (_, i) => plainSpan(i, i % partitions))
  const options = (partitions: number) => ({
    partitions,
    partitionOf: (startNs: bigint) => Number(startNs),
  })
  const inputsOf = (rows: readonly PlacedSpan[]) => [
    freshInput(rows.filter((_, i) => i % 2 === 0)),
    freshInput(rows.filter((_, i) => i % 2 === 1)),
  ]
  const below = merge(inputsOf(rowsOf(6, each)), options(6))
  expect(below.files.map(({ groups }) => groups.length)).toEqual([1, 1, 1, 1, 1, 1])
  const above = merge(inputsOf(rowsOf(8, each)), options(8))
  expect(above.files.map((file) => file.rows)).toEqual(Array(8).fill(each))
  expect(above.files.reduce((sum, { groups }) => sum + groups.length, 0)).toBeGreaterThan(8)
})

test('inputs out of order, with other rows than told or without groups where told are corrupt', () => {
  const sorted = Array.from({ length: 50 }, (_, i) => plainSpan(i, i))
  const [a, b] = [freshInput(sorted.slice(0, 25)), freshInput(sorted.slice(25))]
  const swapped = {
    bytes: Uint8Array.from([...b.bytes, ...a.bytes]),
    groups: [b.groups[0]!, { ...a.groups[0]!, offset: a.groups[0]!.offset + b.bytes.length }],
    columns: a.columns,
  }
  // Offsets in a group's own footer are those of its file: the second group is broken as well as late.
  expect(() => merge([swapped])).toThrow(/must/)
  const more = { ...a, groups: [{ ...a.groups[0]!, rows: 26 }] }
  expect(() => merge([more])).toThrow('row group must have 26 rows, has 25')
  expect(() => merge([a], { partitionOf: () => 1 })).toThrow('partition must be below 1, got 1')
})

test('more rest keys than are named are any', () => {
  const keys = (count: number) =>
    Array.from({ length: 600 }, (_, i) =>
      plainSpan(
        i,
        i,
        [0, 1].flatMap((n) => (i * 2 + n < count ? [text(`k${i * 2 + n}`, 'v')] : [])),
      ),
    )
  const named = merge([freshInput(keys(1_000))]).files[0]!
  expect(named.columns.rest).toHaveLength(1_000)
  checkIndex(named)
  const any = merge([freshInput(keys(1_001))]).files[0]!
  expect(any.columns.rest).toBe('any')
  expect(columnsOf(any.bytes)).toEqual(any.columns)
  expect(columnsOf(freshInput(keys(1_001)).bytes).rest).toBe('any')
  // And what nobody names still comes through.
  const again = merge([spanFileInput(any)])
  expect(spansIn(again.files)).toEqual(spansIn([any]))
})

test('reads come together, and ahead where there is room', () => {
  const part = (length: number, step: number) =>
    freshInput(Array.from({ length }, (_, i) => plainSpan(i * step, i)))
  const inputs = [part(25_000, 3), part(18_000, 4)]
  expect(inputs.map(({ groups }) => groups.length)).toEqual([3, 2])
  // Both first groups, the second ones, the third: the second one of the smaller input is there before it is needed.
  expect(merge(inputs).pauses).toBe(3)
})

test('a trace of many groups passes in pieces, with one copy of each span', () => {
  const others = [plainSpan(0, 1), plainSpan(9, 1)]
  const huge = Array.from({ length: 50_000 }, (_, i) => plainSpan(5, i))
  const a = freshInput([...others, ...huge.slice(0, 42_000)])
  const b = freshInput(huge.slice(20_000))
  expect(a.groups.length).toBeGreaterThan(3)
  for (const inputs of [
    [a, b],
    // The same where nobody knows what the next group begins with.
    [a, b].map((input) => ({
      ...input,
      groups: input.groups.map(({ offset, bytes, rows }) => ({ offset, bytes, rows })),
    })),
  ]) {
    const result = merge(inputs)
    expect(result.repeatsDropped).toBe(22_000)
    expect(result.files).toHaveLength(1)
    const [file] = result.files
    expect(file!.rows).toBe(50_002)
    expect(file!.traces).toBe(3)
    expect(Math.max(...file!.groups.map(({ rows }) => rows))).toBeLessThanOrEqual(40_000)
    expect([...file!.summaries.spans]).toEqual([1, 50_000, 1])
    const rows = [...file!.places.rows]
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(50_002)
    const ids = spansIn([file!])
      .slice(1, -1)
      .map(({ spanId }) => hexOf(spanId))
    expect(ids).toEqual(huge.map(({ span }) => hexOf(span.spanId)))
  }
})
