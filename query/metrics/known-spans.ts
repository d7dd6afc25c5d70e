import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { EnvelopeCount } from '../../src/lookup/count-once.ts'
import { locateTrace } from '../../src/snapshot/read-locators.ts'
import type { FreshFile } from '../../src/snapshot/with-snapshot.ts'
import { bytesOfHex, hexOf } from '../../src/span/trace-id.ts'
import { identityOf } from '../search/assemble-trace.ts'
import type { GroupTable } from '../search/group-table.ts'
import { openFile } from '../search/open-file.ts'
import { readColumns } from '../search/read-table.ts'
import type { MetricsReading } from './metrics-reading.ts'

/** The columns that tell spans apart. */
export const spanPaths: readonly string[] = [c.traceId, c.spanId, c.kind, c.start, c.name]

/**
 * Whether a row of a fresh file's row group stands elsewhere too, of envelopes whose parts lie in several files: in the fresh
 * files before it, or in the compacted ones. Throws `MissingObject`, or kind `corrupt`.
 */
export async function knownSpans(
  file: FreshFile,
  counts: readonly EnvelopeCount[],
  { table, rows }: { readonly table: GroupTable; readonly rows: number },
  reading: MetricsReading,
): Promise<(row: number, envelope: number) => boolean> {
  const known = new Map<number, ReadonlySet<string>>()
  for (const [place, count] of counts.entries()) {
    const id = file.tail.contents.envelopes[place]?.id
    if (count.kind !== 'some' || id === undefined) continue
    const spans = new Set<string>()
    const own = rowsOf(table, rows, place)
    if (own.length === 0) continue
    for (const earlier of count.earlier) await addEarlier(spans, earlier, hexOf(id), reading)
    if (count.inCompacted) {
      const traceIds = new Set(own.map((row) => table.traceId(row)))
      for (const traceId of traceIds) {
        if (reading.isOver()) break
        await addCompacted(spans, traceId, reading)
      }
    }
    known.set(place, spans)
  }
  return (row, place) => known.get(place)?.has(nameOf(table, row)) === true
}

function nameOf(table: GroupTable, row: number): string {
  return `${table.traceId(row)}/${identityOf(table, row)}`
}

function rowsOf({ envelope }: GroupTable, rows: number, place: number): number[] {
  const own: number[] = []
  for (let row = 0; row < rows; row++) if (envelope(row) === place) own.push(row)
  return own
}

async function addEarlier(
  spans: Set<string>,
  { key, tail }: FreshFile,
  envelopeId: string,
  { runtime, cache }: MetricsReading,
): Promise<void> {
  const place = tail.contents.envelopes.findIndex(({ id }) => hexOf(id) === envelopeId)
  const { file, end } = await openFile(key, runtime, cache.index)
  for (const group of file.groups) {
    const table = await readColumns(
      file,
      group,
      [c.envelope, ...spanPaths],
      { runtime, cache },
      end,
    )
    for (const row of rowsOf(table, group.rows, place)) spans.add(nameOf(table, row))
  }
}

async function addCompacted(
  spans: Set<string>,
  traceId: string,
  { snapshot: { manifest }, runtime, cache }: MetricsReading,
): Promise<void> {
  const located = await locateTrace(manifest, bytesOfHex(traceId), runtime, cache.index)
  for (const { key, offset, from, to } of located) {
    const { file } = await openFile(key, runtime, cache.index)
    const group = file.groups.find((one) => one.offset === offset)
    if (group === undefined) continue
    const table = await readColumns(file, group, spanPaths, { runtime, cache })
    for (let row = from; row < to; row++) spans.add(nameOf(table, row))
  }
}
