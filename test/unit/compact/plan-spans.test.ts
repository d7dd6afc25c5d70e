import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fittingInputs } from '../../../src/compact/fitting-inputs.ts'
import { minutePartitions, startOfHourNs } from '../../../src/compact/minute-partitions.ts'
import { planSpans, sliceMinutes } from '../../../src/compact/plan-spans.ts'
import type { SpanFile } from '../../../src/index/day-list.ts'
import { rowGroupRowsMax, spanFileBytesMax } from '../../../src/limits.ts'

const hour = { date: '2026-11-20', hour: '17' }
const mega = 1024 * 1024

let made = 0

function file(bytes: number, fields: Partial<SpanFile> = {}): SpanFile {
  const rows = Math.max(1, Math.floor(bytes / 24))
  const bounds = { startMinNs: 0n, startMaxNs: 0n }
  const ids = { minTraceId: new Uint8Array(16), maxTraceId: new Uint8Array(16).fill(255) }
  const groups = Array.from({ length: Math.ceil(rows / rowGroupRowsMax) }, (_, i) => ({
    offset: i * 240_000,
    bytes: Math.min(240_000, bytes),
    rows: Math.min(rowGroupRowsMax, rows - i * rowGroupRowsMax),
    ...ids,
    ...bounds,
  }))
  return {
    ...hour,
    name: String(made++),
    bytes,
    rows,
    traces: rows,
    ...bounds,
    endMaxNs: 0n,
    receivedFromMs: 0,
    receivedToMs: 0,
    fromMinute: 0,
    toMinute: 60,
    groups,
    columns: { own: [], rest: [] },
    summaryBytes: 1,
    ...fields,
  }
}

const files = (count: number, bytes: number, fields: Partial<SpanFile> = {}) =>
  Array.from({ length: count }, () => file(bytes, fields))
const small = 1_000

test.each<[string, SpanFile[], boolean, number]>([
  ['nothing', [], true, 0],
  ['one file', files(1, small), true, 0],
  ['two in an hour that goes on', files(2, small), false, 0],
  ['two once it is over', files(2, small), true, 2],
  ['seven of a size', files(7, small), false, 0],
  ['eight of a size', files(8, small), false, 8],
  ['eight within four times of each other', [...files(4, small), ...files(4, 4 * small)], false, 8],
  ['four, and four five times as large', [...files(4, small), ...files(4, 5 * small)], false, 0],
  ['two of half the full size', files(2, spanFileBytesMax / 2), true, 0],
  ['two of just less', files(2, spanFileBytesMax / 2 - 1), true, 2],
])('%s', (_, given, isOver, merged) => {
  expect(planSpans(given, isOver)?.files.length ?? 0).toBe(merged)
})

test.each([
  [0, 60],
  [spanFileBytesMax, 60],
  [spanFileBytesMax + 1, 30],
  [12 * spanFileBytesMax, 5],
  [13 * spanFileBytesMax, 4],
  [1_000 * spanFileBytesMax, 1],
])('an hour of %i bytes is cut into slices of %i minutes', (bytes, minutes) => {
  expect(sliceMinutes(bytes)).toBe(minutes)
})

test('a busy hour is cut by minutes, and files of one slice are merged with each other alone', () => {
  const full = files(4, spanFileBytesMax)
  const across = planSpans([...full, ...files(8, small)], false)
  expect(across).toMatchObject({ cutMinutes: [12, 24, 36, 48] })
  const slice = { fromMinute: 12, toMinute: 24 }
  const other = { fromMinute: 24, toMinute: 30 }
  const within = planSpans([...full, ...files(8, small, slice), ...files(7, small, other)], false)
  expect(within?.cutMinutes).toEqual([])
  expect(within?.files.map(({ fromMinute }) => fromMinute)).toEqual(Array(8).fill(12))
})

/** What a merge makes, about: an output a slice, and one for traces that start in another hour. */
function carriedOut({ files: merged, cutMinutes }: NonNullable<ReturnType<typeof planSpans>>) {
  const { partitions, partitionOf } = minutePartitions(hour, cutMinutes)
  const beginNs = startOfHourNs(hour)
  const bytes = Array<number>(partitions).fill(0)
  for (const { bytes: size, fromMinute, toMinute } of merged) {
    // A file of the whole hour has traces in each slice, and some that start outside the hour.
    const minutes = Array.from({ length: toMinute - fromMinute }, (_, i) => fromMinute + i)
    const starts = minutes.map((minute) => beginNs + BigInt(minute) * 60_000_000_000n)
    if (toMinute - fromMinute === 60) starts.push(beginNs - 1n)
    for (const startNs of starts) bytes[partitionOf(startNs)]! += size / starts.length
  }
  const bounds = [0, ...cutMinutes, 60]
  return bytes.flatMap((size, partition) => {
    const isOutside = partitions === 1 || partition === partitions - 1
    const minutes = isOutside
      ? partitions === 1
        ? {
            fromMinute: Math.min(...merged.map((one) => one.fromMinute)),
            toMinute: Math.max(...merged.map((one) => one.toMinute)),
          }
        : {}
      : { fromMinute: bounds[partition]!, toMinute: bounds[partition + 1]! }
    return size === 0 ? [] : [file(Math.ceil(size), minutes)]
  })
}

test('whatever files an hour has, merging them comes to an end, each byte rewritten a few times', () => {
  const sizes = fc.oneof(
    fc.integer({ min: 1_000, max: 200_000 }),
    fc.integer({ min: 1_000, max: 4 * mega }),
  )
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 200 }), fc.boolean(), (given, isOver) => {
      let held = given.map((bytes) => file(bytes))
      const total = given.reduce((sum, bytes) => sum + bytes, 0)
      let rewritten = 0
      for (let merges = 0; ; merges++) {
        const merge = planSpans(held, isOver)
        if (merge === undefined) break
        expect(merges).toBeLessThan(2 * given.length + 10)
        expect(merge.files.length).toBeGreaterThanOrEqual(2)
        expect(fittingInputs(merge.files, (one) => one)).toEqual(merge.files)
        rewritten += merge.files.reduce((sum, { bytes }) => sum + bytes, 0)
        held = [...held.filter((one) => !merge.files.includes(one)), ...carriedOut(merge)]
      }
      expect(rewritten).toBeLessThan(8 * total + 1)
    }),
    { numRuns: 200 },
  )
})

test('slices end at the cuts, and one more takes what starts in another hour', () => {
  const beginNs = startOfHourNs(hour)
  const minuteNs = 60_000_000_000n
  const { partitions, partitionOf } = minutePartitions(hour, [20, 40])
  expect(partitions).toBe(4)
  const startsNs = [
    beginNs - 1n,
    beginNs,
    beginNs + 20n * minuteNs - 1n,
    beginNs + 20n * minuteNs,
    beginNs + 60n * minuteNs - 1n,
    beginNs + 60n * minuteNs,
  ]
  expect(startsNs.map(partitionOf)).toEqual([3, 0, 0, 1, 2, 3])
})

test('where nothing is cut there is one output, also for what starts in another hour', () => {
  const { partitions, partitionOf } = minutePartitions(hour, [])
  expect(partitions).toBe(1)
  expect([-1n, startOfHourNs(hour), 2n ** 62n].map(partitionOf)).toEqual([0, 0, 0])
})
