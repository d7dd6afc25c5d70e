import { fixedColumns as c } from '../../src/layout/columns.ts'
import { metricsExemplarSlots } from '../../src/limits.ts'
import { type ColumnReading, readColumns } from '../search/read-table.ts'
import type { GroupToScan } from '../search/scan-groups.ts'
import type { SeriesPart } from '../traceql/series-parts.ts'
import type { StepIntervals } from '../traceql/step-intervals.ts'

/** Picks spans that stand for points, spread over the range: ids are large, so they are read for few row groups. */
export interface ExemplarPicker {
  /** Undefined when this row group has none to give. */
  of(group: GroupToScan, intervals: StepIntervals): GroupPicker | undefined
}

export interface GroupPicker {
  readonly isDue: (row: number, index: number) => boolean
  readonly take: (picked: PickedRow) => void
  /** Adds what was taken to its series, with ids. Throws `MissingObject`. */
  readonly read: (reading: ColumnReading) => Promise<void>
}

interface PickedRow {
  readonly row: number
  readonly index: number
  readonly part: SeriesPart
  readonly value: number
}

export function exemplarPicker(exemplars: number, { count }: StepIntervals): ExemplarPicker {
  const slots = Math.min(metricsExemplarSlots, count)
  const perSlot = Math.ceil(exemplars / slots)
  const left = new Array<number>(slots).fill(perSlot)
  const slotOf = (index: number) => Math.floor((index * slots) / count)

  return {
    of(asked, intervals) {
      const { file, group, end } = asked
      const { starts } = group
      if (exemplars === 0 || starts === undefined) return undefined
      const { fromNs, toNs } = intervals.range
      const first = starts.startMinNs < fromNs ? fromNs : starts.startMinNs
      const last = starts.startMaxNs >= toNs ? toNs - 1n : starts.startMaxNs
      const [from, to] = [slotOf(intervals.indexOf(first)), slotOf(intervals.indexOf(last))]
      if (!left.some((some, slot) => some > 0 && slot >= from && slot <= to)) return undefined
      // Neighbours are often of one trace.
      const distance = Math.max(1, Math.floor(group.rows / (perSlot * 8)))
      const picked: PickedRow[] = []
      let next = 0
      return {
        isDue: (row, index) => (row >= next || row === 0) && (left[slotOf(index)] ?? 0) > 0,
        take(one) {
          const slot = slotOf(one.index)
          left[slot] = (left[slot] ?? 0) - 1
          next = one.row + distance
          picked.push(one)
        },
        async read(reading) {
          if (picked.length === 0) return
          const paths = [c.traceId, c.spanId, c.start]
          const table = await readColumns(file, group, paths, reading, end)
          for (const { row, index, part, value } of picked) {
            const ids = { traceId: table.traceId(row), spanId: table.spanId(row) }
            part.exemplars.push({ ...ids, startNs: table.startNs(row), index, value })
          }
        },
      }
    },
  }
}
