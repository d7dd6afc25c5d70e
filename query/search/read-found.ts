import { storeReadsAtOnce } from '../../src/limits.ts'
import { traceIn } from '../../src/lookup/lookup-trace.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { Snapshot } from '../../src/snapshot/with-snapshot.ts'
import { bytesOfHex } from '../../src/span/trace-id.ts'
import { assembleTrace, type TablePart } from './assemble-trace.ts'
import { type FindOptions, foundTrace } from './found-trace.ts'
import { orTrouble } from './or-trouble.ts'
import type { FoundTrace } from './search-answer.ts'
import { spansTable } from './spans-table.ts'
import type { TableMemory } from './table-memory.ts'
import { tracePlaces } from './trace-places.ts'

export interface ReadFoundContext {
  readonly snapshot: Snapshot
  readonly runtime: Pick<Runtime, 'store' | 'codec' | 'limits'>
  readonly cache: ReadCache
  readonly tables: TableMemory
  readonly troubles: Set<string>
}

/**
 * What a query finds in a trace, wherever its parts lie, with all of them. Only the columns that the answer needs are
 * read, unless repeats have to be told apart. Throws `MissingObject`.
 */
export async function readFound(
  traceId: string,
  options: FindOptions,
  context: ReadFoundContext,
): Promise<FoundTrace | undefined> {
  const { snapshot, runtime, cache, tables, troubles } = context
  const id = bytesOfHex(traceId)
  const places = await tracePlaces(snapshot, id, runtime, { cache, troubles })
  const rows = places.reduce((sum, { from, to }) => sum + to - from, 0)
  if (rows > runtime.limits.traceSpansMax) return foundWhole(id, options, context)
  const parts = await mapAtOnce(places, storeReadsAtOnce, (place) =>
    orTrouble(troubles, place.key, async (): Promise<TablePart> => {
      return { ...place, table: await tables.get(place.key, place.offset) }
    }),
  )
  const found = await orTrouble(troubles, `trace ${traceId}`, async () => {
    const table = assembleTrace(parts.filter((part) => part !== undefined))
    return table === undefined ? 'repeats' : foundTrace(table, options)
  })
  return found === 'repeats' ? foundWhole(id, options, context) : found
}

/** The same from whole spans, as a lookup reads them: bounded, and of equal repeats the larger. */
async function foundWhole(
  traceId: Uint8Array,
  options: FindOptions,
  { snapshot, runtime, cache, troubles }: ReadFoundContext,
): Promise<FoundTrace | undefined> {
  const { spans, reasons } = await traceIn(snapshot, traceId, runtime, cache)
  for (const reason of reasons) troubles.add(reason)
  return foundTrace(spansTable(spans), options)
}
