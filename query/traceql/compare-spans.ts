import type { Compare } from './ast.ts'
import { compileField } from './compile-field.ts'
import { groupKey } from './group-key.ts'
import { intrinsicTypes } from './intrinsics.ts'
import { printField } from './print-field.ts'
import { planeFor, type SeriesLabel, type SeriesPart, seriesFor } from './series-parts.ts'
import type { Observer, ObserverContext } from './span-observer.ts'
import type { Column, FieldValue } from './span-table.ts'
import type { TraceFrame } from './trace-frame.ts'
import type { ValueType } from './value-type.ts'

/**
 * Counts each value of each attribute among the spans that the selection holds, and among all others; and how many of them
 * have the attribute at all. `finishCompare` keeps the values that are most frequent.
 */
export function compareObserver(
  { selection, window }: Compare,
  { frame, parts, intervals }: ObserverContext,
): Observer {
  const { read: isSelected } = compileField(selection.condition, frame)
  const isInside: Column<boolean> = (row) => {
    const ns = frame.table.startNs(row)
    return window === undefined || (ns >= window.startNs && ns < window.endNs)
  }
  const columns = comparedColumns(frame)
  const add = (series: SeriesPart | undefined, index: number): void => {
    const counts = series && planeFor(parts, series, 'count', intervals.count)
    if (counts !== undefined) counts[index] = (counts[index] ?? 0) + 1
  }
  return (row, index) => {
    const group = isInside(row) && isSelected(row) === true ? 'selection' : 'baseline'
    for (const { name, type, read } of columns) {
      const value = read(row)
      if (value === undefined || value === null) continue
      const labelled = (meta: MetaType, labelValue: FieldValue) => () => [
        metaLabel(meta),
        { name, type, value: labelValue },
      ]
      add(seriesFor(parts, `${group} ${name} ${groupKey(value)}`, labelled(group, value)), index)
      const total: MetaType = `${group}_total`
      add(seriesFor(parts, `${total} ${name}`, labelled(total, undefined)), index)
    }
    return undefined
  }
}

type MetaType = 'baseline' | 'selection' | 'baseline_total' | 'selection_total'

const metaName = '__meta_type'

function metaLabel(meta: MetaType): SeriesLabel {
  return { name: metaName, type: 'string', value: meta }
}

interface ComparedColumn {
  readonly name: string
  readonly type: ValueType
  readonly read: Column<FieldValue>
}

/** What is compared besides attributes. */
export const comparedIntrinsics = [
  'name',
  'kind',
  'status',
  'statusMessage',
  'rootName',
  'rootServiceName',
  'instrumentation:name',
  'instrumentation:version',
] as const

const scopes = ['span', 'resource', 'instrumentation'] as const

/** Durations, ids and what is different for every span tell nothing, so they are not compared; nor is what is empty. */
function comparedColumns(frame: TraceFrame): ComparedColumn[] {
  const ofIntrinsics = comparedIntrinsics.map((name) => {
    const { read } = compileField({ kind: 'intrinsic', name }, frame)
    const filled: Column<FieldValue> = (row) => read(row) || undefined
    return { name, type: intrinsicTypes[name], read: filled }
  })
  const ofAttributes = scopes.flatMap((scope) =>
    frame.table.attributeKeys(scope).map((key) => {
      const field = { kind: 'attribute', scope, key } as const
      return { name: printField(field), ...compileField(field, frame) }
    }),
  )
  return [...ofIntrinsics, ...ofAttributes]
}
