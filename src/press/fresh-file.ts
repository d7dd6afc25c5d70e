import { SpanlakeError } from '../errors.ts'
import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import { encodeSummaries } from '../index/summaries.ts'
import { buildTraceFilter } from '../index/trace-filter.ts'
import { rowGroupRowsMax } from '../limits.ts'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { writeFooter } from '../parquet/footer.ts'
import { leavesOf } from '../parquet/schema.ts'
import type { Codec } from '../ports/codec.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { fileKeyValues, groupKeyValues } from './attribute-columns.ts'
import { cutGroups } from './cut-groups.ts'
import { encodeGroups } from './encode-groups.ts'
import { parquetMagic, writeFileEnd } from './file-footer.ts'
import { writeFreshTail } from './fresh-tail.ts'
import { type EncodedGroup, type GroupShape, layBlooms, layGroup } from './lay-group.ts'
import { orderRows } from './order-rows.ts'
import { planColumns } from './plan-columns.ts'
import { spanColumns } from './span-columns.ts'
import { spanSchema } from './span-schema.ts'
import { firstPlaces, summarizeTraces } from './summarize.ts'

/** What a fresh file says of itself besides its spans. */
export interface FreshFileContents {
  readonly tenant: string
  readonly region: string
  /** Its spans start too far from their receipt (limits). */
  readonly stray: boolean
  /** Exactly the spans it holds; column `envelope` is a place in this list. */
  readonly envelopes: readonly EnvelopeSpans[]
  /** The least and the greatest time of receipt among them, in ms since 1970. */
  readonly receivedFromMs: number
  readonly receivedToMs: number
}

export interface EncodeFreshOptions {
  /** Row numbers of the batch; default all. */
  readonly rows?: Uint32Array
  readonly contents: FreshFileContents
  /** By `envelopeOfRow`, the place in `contents.envelopes`; default: the two are the same. */
  readonly envelopePlaces?: Uint32Array
  readonly codec: Codec
}

/** A batch as one fresh file: Parquet by DESIGN §4, with our own tail in front of its footer. */
export function encodeFreshFile(batch: SpanBatch, options: EncodeFreshOptions): Uint8Array {
  const { codec, contents } = options
  const order = orderRows(batch, options.rows)
  checkEnvelopes(batch, order, options)
  const plan = planColumns(batch, order)
  const schema = spanSchema(plan.attributes)
  const leaves = leavesOf(schema)
  const traces = firstPlaces(batch, order)
  const groups = encodeGroups(() => spanColumns(batch, order, plan, options.envelopePlaces), {
    leaves,
    traces,
    bounds: cutGroups(traces, rowGroupRowsMax),
    codec,
  })

  const file = new ByteWriter(batch.rows * 48 + 4096)
  file.append(parquetMagic)
  const shape: GroupShape = { schema, leaves, keyValues: groupKeyValues(plan.attributes) }
  const laid = groups.map((group) => ({ group, ...layGroup(file, group, shape, codec) }))
  const metas = laid.map(({ meta, group }) => layBlooms(file, meta, group.blooms))
  const summaries = summarizeTraces(batch, order)
  writeFreshTail(file, {
    contents,
    rows: order.length,
    traces: summaries.spans.length,
    ...timeBounds(batch, order),
    rowGroups: laid.map(({ place, group }) => ({
      ...place,
      firstRow: group.from,
      ...boundsOf(batch, order, group),
    })),
    filter: buildTraceFilter(summaries.traceIds),
    summaries: encodeSummaries(summaries, codec),
  })
  const keyValues = fileKeyValues(plan.attributes, plan.rest)
  writeFileEnd(file, writeFooter(schema, leaves, metas, keyValues))
  return file.copy()
}

/** Every row's envelope must be in the list, and every envelope of the list within the times that the file states. */
function checkEnvelopes(
  { envelopeOfRow }: SpanBatch,
  order: Uint32Array,
  { contents, envelopePlaces }: EncodeFreshOptions,
): void {
  const { envelopes, receivedFromMs, receivedToMs } = contents
  for (const { id, receivedMs } of envelopes) {
    if (id.length !== 16 || receivedMs < receivedFromMs || receivedMs > receivedToMs) {
      throw new SpanlakeError(
        'internal',
        `envelope must be received from ${receivedFromMs} to ${receivedToMs}, got ${receivedMs}`,
      )
    }
  }
  for (const row of order) {
    const envelope = envelopeOfRow[row]!
    const place = envelopePlaces === undefined ? envelope : envelopePlaces[envelope]
    if (place === undefined || place >= envelopes.length) {
      throw new SpanlakeError('internal', `span must be of a listed envelope, got ${envelope}`)
    }
  }
}

function timeBounds({ startNs, endNs }: SpanBatch, order: Uint32Array) {
  const [first] = order
  if (first === undefined) return { startMinNs: 0n, startMaxNs: 0n, endMaxNs: 0n }
  let [startMinNs, startMaxNs, endMaxNs] = [startNs[first]!, startNs[first]!, endNs[first]!]
  for (const row of order) {
    const start = startNs[row]!
    const end = endNs[row]!
    if (start < startMinNs) startMinNs = start
    if (start > startMaxNs) startMaxNs = start
    if (end > endMaxNs) endMaxNs = end
  }
  return { startMinNs, startMaxNs, endMaxNs }
}

function boundsOf({ traceIds }: SpanBatch, order: Uint32Array, { from, to }: EncodedGroup) {
  const idAt = (place: number) => traceIds.slice(order[place]! * 16, order[place]! * 16 + 16)
  return { minTraceId: idAt(from), maxTraceId: idAt(to - 1) }
}
