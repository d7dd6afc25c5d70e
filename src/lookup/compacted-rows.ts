import { messageOf, SpanlakeError } from '../errors.ts'
import type { Manifest } from '../index/manifest.ts'
import { storeReadsAtOnce } from '../limits.ts'
import { decodeRowGroup } from '../press/read-spans.ts'
import type { Runtime } from '../runtime.ts'
import type { IndexCache } from '../snapshot/index-cache.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import { type LocatedRows, locateTrace } from '../snapshot/read-locators.ts'
import type { Span } from '../span/span.ts'
import { sameTraceId } from '../span/trace-id.ts'

/** A trace's rows in the span files of a manifest. Throws as `locateTrace` and `readLocated` do. */
export async function compactedRows(
  manifest: Manifest,
  traceId: Uint8Array,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<Span[]> {
  const located = await locateTrace(manifest, traceId, runtime, cache)
  const read = await mapAtOnce(located, storeReadsAtOnce, (rows) =>
    readLocated(rows, traceId, runtime),
  )
  return read.flat()
}

/**
 * Rows of a trace, by one ranged read of their row group. Throws `MissingObject`, or kind `corrupt` also when the rows
 * are another trace's: then the index lies.
 */
export async function readLocated(
  { key, offset, bytes, from, to }: LocatedRows,
  traceId: Uint8Array,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
): Promise<Span[]> {
  const stored = await store.get(key, { offset, length: bytes })
  if (stored === undefined) throw new MissingObject(key)
  try {
    const rows = decodeRowGroup(stored.body, { offset, bytes }, { from, to }, codec)
    if (rows.some(({ span }) => !sameTraceId(span.traceId, traceId))) {
      throw new SpanlakeError('corrupt', `rows ${from} to ${to} must be of the trace located there`)
    }
    return rows.map(({ span }) => span)
  } catch (cause) {
    throw new SpanlakeError('corrupt', `span file is broken, ${key}: ${messageOf(cause)}`, {
      cause,
    })
  }
}
