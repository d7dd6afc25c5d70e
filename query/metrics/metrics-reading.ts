import { storeReadsAtOnce } from '../../src/limits.ts'
import type { Condition } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { Snapshot } from '../../src/snapshot/with-snapshot.ts'
import { fileQueue, type QueuedFile } from '../search/file-queue.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { type GroupToScan, groupsToScan } from '../search/scan-groups.ts'
import type { SearchCost } from '../search/search-answer.ts'
import type { Field, Series } from '../traceql/ast.ts'
import { columnsOf } from '../traceql/columns-of.ts'
import type { SeriesParts } from '../traceql/series-parts.ts'
import type { StepIntervals } from '../traceql/step-intervals.ts'

/** What a metrics query works with. */
export interface MetricsReading {
  readonly snapshot: Snapshot
  readonly intervals: StepIntervals
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SearchCost
  /** Why something may be missing. */
  readonly troubles: Set<string>
  /** True once as much is read or waited as may be; then the answer says so. Throws when the client is gone. */
  readonly isOver: () => boolean
}

/** A series of the query, and what is known of it so far. */
export interface GatheredSeries {
  readonly series: Series
  /** Each span decides about itself (`seriesOfSpans`). */
  readonly isOfSpans: boolean
  readonly parts: SeriesParts
}

/** What a series reads of spans. */
export function seriesColumns(series: Series): {
  readonly fields: readonly Field[]
  readonly isEveryAttribute: boolean
} {
  const asked = columnsOf({ kind: 'metrics', expression: series, hints: [] })
  const intrinsics = asked.intrinsics.map((name) => ({ kind: 'intrinsic', name }) as const)
  return {
    fields: [...asked.attributes, ...intrinsics],
    isEveryAttribute: asked.needsAllAttributes,
  }
}

/**
 * Hands over every row group that may hold spans of the range that the condition is true of, several at once, the newest
 * files first; files for which `isAsked` is false are left out. What is broken is trouble. Throws `MissingObject`.
 */
export async function eachGroup(
  pruning: Condition,
  reading: MetricsReading,
  work: (group: GroupToScan) => Promise<void>,
  isAsked: (file: QueuedFile) => boolean = () => true,
): Promise<void> {
  const { snapshot, intervals, runtime, cache, cost, troubles, isOver } = reading
  const { range } = intervals
  const queue = fileQueue(snapshot, range, runtime, { cache, troubles })
  const context = { needs: { pruning }, range, runtime, cache, cost }
  for (;;) {
    const files = await queue.take({ rows: Number.POSITIVE_INFINITY, files: storeReadsAtOnce })
    if (files.length === 0 || isOver()) return
    const groups = await mapAtOnce(files.filter(isAsked), storeReadsAtOnce, (file) =>
      orTrouble(troubles, file.key, () => groupsToScan(file, context)),
    )
    await mapAtOnce(
      groups.flatMap((some) => some ?? []),
      storeReadsAtOnce,
      async (group) => {
        if (isOver()) return
        cost.groupsRead++
        cost.spansScanned += group.group.rows
        await orTrouble(troubles, group.queued.key, () => work(group))
      },
    )
  }
}
