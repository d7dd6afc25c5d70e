import { metricsCellsMax, metricsSeriesMax } from '../../src/limits.ts'
import { groupKey } from './group-key.ts'
import type { FieldValue } from './span-table.ts'
import type { ValueType } from './value-type.ts'

/**
 * What a metrics query knows of some spans: plain data, which can be sent, and merged with what is known of others in any
 * order (sums of floats but for their last digits).
 */
export interface SeriesParts {
  /** By `labelsKey`. */
  readonly series: Map<string, SeriesPart>
  /** Whether series or numbers are missing because there were too many. */
  isTruncated: boolean
  cells: number
  /** Of `compare`: the counts of each value, by group and attribute; they are those of the series. */
  readonly compared: Map<string, Map<FieldValue, Float64Array>>
}

export interface SeriesPart {
  readonly labels: readonly SeriesLabel[]
  /** One number per interval in each. */
  readonly planes: Map<PlaneName, Float64Array>
  readonly exemplars: Exemplar[]
}

/** `bucket 1024`: how many values lie in the bucket that ends there. */
export type PlaneName = 'count' | 'sum' | 'min' | 'max' | `bucket ${number}`

export interface SeriesLabel {
  readonly name: string
  readonly type: ValueType
  /** Undefined is nil. */
  readonly value: FieldValue
}

/** A span that stands for a point. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string
  readonly startNs: bigint
  /** The interval's number. */
  readonly index: number
  /** NaN: the series' own value there. */
  readonly value: number
}

export function emptyParts(): SeriesParts {
  return { series: new Map(), isTruncated: false, cells: 0, compared: new Map() }
}

/** Equal for equal labels in the same order. */
export function labelsKey(labels: readonly SeriesLabel[]): string {
  return labels.map(({ name, value }) => `${name}=${groupKey(value)}`).join()
}

/** The series with these labels, made if there is room for it. */
export function seriesFor(
  parts: SeriesParts,
  key: string,
  labelsOf: () => readonly SeriesLabel[],
): SeriesPart | undefined {
  const known = parts.series.get(key)
  if (known !== undefined) return known
  if (parts.series.size >= metricsSeriesMax) {
    parts.isTruncated = true
    return undefined
  }
  const made: SeriesPart = { labels: labelsOf(), planes: new Map(), exemplars: [] }
  parts.series.set(key, made)
  return made
}

/** The numbers of that name, made if there is room for them: zeros, and what is no least or greatest value yet. */
export function planeFor(
  parts: SeriesParts,
  { planes }: SeriesPart,
  name: PlaneName,
  count: number,
): Float64Array | undefined {
  const known = planes.get(name)
  if (known !== undefined) return known
  if (parts.cells + count > metricsCellsMax) {
    parts.isTruncated = true
    return undefined
  }
  parts.cells += count
  const made = new Float64Array(count).fill(emptyCell(name))
  planes.set(name, made)
  return made
}

function emptyCell(name: PlaneName): number {
  if (name === 'min') return Number.POSITIVE_INFINITY
  return name === 'max' ? Number.NEGATIVE_INFINITY : 0
}
