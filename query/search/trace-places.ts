import { kindOf, messageOf } from '../../src/errors.ts'
import { findTraceRows } from '../../src/index/summaries.ts'
import { mightHoldTrace } from '../../src/index/trace-filter.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { locateTrace } from '../../src/snapshot/read-locators.ts'
import type { FreshFile, Snapshot } from '../../src/snapshot/with-snapshot.ts'

/** Rows [from, to) of a row group that are a trace's. */
export interface TracePlace {
  readonly key: string
  /** Of the row group, from the first byte of the file. */
  readonly offset: number
  readonly from: number
  readonly to: number
  /** Of a fresh file of which some envelopes are expired: those that are not, by their place. */
  readonly liveEnvelopes: ReadonlySet<number> | undefined
}

/**
 * Where a snapshot holds a trace: fresh files by their filters, span files by the locators. What is broken is trouble.
 * Throws `MissingObject`.
 */
export async function tracePlaces(
  { manifest, files }: Snapshot,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  { cache, troubles }: { readonly cache: ReadCache; readonly troubles: Set<string> },
): Promise<TracePlace[]> {
  const fresh = files.flatMap((file) => {
    if (!mightHoldTrace(file.tail.filter, traceId)) return []
    try {
      return freshPlaces(file, traceId, manifest.expiredMs, runtime)
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      troubles.add(`fresh file is broken, ${file.key}: ${messageOf(error)}`)
      return []
    }
  })
  try {
    const located = await locateTrace(manifest, traceId, runtime, cache.index)
    return [...fresh, ...located.map((rows) => ({ ...rows, liveEnvelopes: undefined }))]
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.add(messageOf(error))
    return fresh
  }
}

function freshPlaces(
  { key, tail }: FreshFile,
  traceId: Uint8Array,
  expiredMs: number,
  { codec }: Pick<Runtime, 'codec'>,
): TracePlace[] {
  const rows = findTraceRows(tail.summaries, traceId, codec)
  if (rows === undefined) return []
  const live = liveEnvelopes(tail, expiredMs)
  return tail.rowGroups.flatMap(({ offset, firstRow, rows: count }) => {
    const from = Math.max(0, rows.from - firstRow)
    const to = Math.min(count, rows.to - firstRow)
    return from < to ? [{ key, offset, from, to, liveEnvelopes: live }] : []
  })
}

/** Places of a fresh file's envelopes that are not expired; undefined: all are live. */
export function liveEnvelopes(
  { contents }: FreshFile['tail'],
  expiredMs: number,
): ReadonlySet<number> | undefined {
  if (contents.receivedFromMs >= expiredMs) return undefined
  const live = contents.envelopes.flatMap(({ receivedMs }, place) =>
    receivedMs >= expiredMs ? place : [],
  )
  return new Set(live)
}
