import { SpanlakeError } from '../errors.ts'
import { type EnvelopeSpans, freshFileId, sameEnvelopeSpans } from '../index/envelope-spans.ts'
import { freshFileKey, hourOf } from '../layout/keys.ts'
import { decodeRequest } from '../otlp/decode.ts'
import { encodeFreshFile, type FreshFileContents } from '../press/fresh-file.ts'
import type { Runtime } from '../runtime.ts'
import { readFreshTail } from '../snapshot/read-fresh-tail.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { SpanBatchBuilder } from '../span/span-batch-builder.ts'
import { loadBody } from './load-body.ts'
import type { FlushBatch } from './plan-batches.ts'

/** What a batch became. */
export interface FlushedBatch {
  readonly spans: number
  readonly files: number
  readonly bytes: number
  /** Files that stood there already, written by an earlier attempt. */
  readonly conflicts: number
}

/**
 * Presses a batch into a fresh file, and its strays into one of their own, and creates them: creation is the commit.
 * Resolves once every span of the batch is in a file that this call wrote or read back.
 */
export async function flushBatch(batch: FlushBatch, runtime: Runtime): Promise<FlushedBatch> {
  const spans = await decodeBatch(batch, runtime)
  const { normal, strays } = splitStrays(spans, batch, runtime.limits.strayMs)
  let files = 0
  let bytes = 0
  let conflicts = 0
  for (const [rows, stray] of [[normal, false] as const, [strays, true] as const]) {
    if (rows.length === 0) continue
    const made = await createFreshFile(spans, rows, stray, batch, runtime)
    files += made.isNew ? 1 : 0
    conflicts += made.isNew ? 0 : 1
    bytes += made.bytes
  }
  return { spans: spans.rows, files, bytes, conflicts }
}

async function decodeBatch({ parts }: FlushBatch, runtime: Runtime): Promise<SpanBatch> {
  const seed = new DataView(runtime.random.bytes(4).slice().buffer).getInt32(0)
  const builder = new SpanBatchBuilder(seed)
  for (const [place, { envelope, range }] of parts.entries()) {
    const body = await loadBody(envelope, runtime)
    const [fromOrdinal, toOrdinal] = range ?? [0, envelope.spans]
    decodeRequest(body, builder, { envelope: place, fromOrdinal, toOrdinal })
  }
  return builder.finish()
}

/** Rows whose start is within `strayMs` of their receipt, and the others. */
function splitStrays(
  spans: SpanBatch,
  { parts }: FlushBatch,
  strayMs: number,
): { normal: Uint32Array; strays: Uint32Array } {
  const receivedMs = Float64Array.from(parts, ({ envelope }) => envelope.receivedMs)
  const halves = new Uint32Array(spans.startNs.buffer, spans.startNs.byteOffset, 2 * spans.rows)
  const normal = new Uint32Array(spans.rows)
  const strays = new Uint32Array(spans.rows)
  let normalCount = 0
  let strayCount = 0
  for (let row = 0; row < spans.rows; row++) {
    const startMs = (halves[2 * row + 1]! * 2 ** 32 + halves[2 * row]!) / 1e6
    const distanceMs = Math.abs(startMs - receivedMs[spans.envelopeOfRow[row]!]!)
    if (distanceMs > strayMs) strays[strayCount++] = row
    else normal[normalCount++] = row
  }
  return { normal: normal.subarray(0, normalCount), strays: strays.subarray(0, strayCount) }
}

async function createFreshFile(
  spans: SpanBatch,
  rows: Uint32Array,
  stray: boolean,
  batch: FlushBatch,
  runtime: Runtime,
): Promise<{ isNew: boolean; bytes: number }> {
  const { store, codec, region } = runtime
  const { tenant } = batch
  const { envelopes, envelopePlaces } = listEnvelopes(spans, rows, batch)
  const times = envelopes.map((envelope) => envelope.receivedMs)
  const contents: FreshFileContents = {
    tenant,
    region,
    stray,
    envelopes,
    receivedFromMs: Math.min(...times),
    receivedToMs: Math.max(...times),
  }
  const id = freshFileId(tenant, envelopes, codec)
  const key = freshFileKey({ tenant, ...hourOf(contents.receivedToMs), id })
  const file = encodeFreshFile(spans, { rows, contents, envelopePlaces, codec })
  const result = await store.put(key, file, { kind: 'create' })
  if (result.kind === 'conflict') await requireSame(key, envelopes, runtime)
  return { isNew: result.kind === 'written', bytes: file.length }
}

/**
 * Exactly which spans of which envelopes the rows are. All of an envelope's spans on the wire, and nothing less, is
 * `undefined`: two files that hold different parts of one envelope must never have the same id.
 */
function listEnvelopes(
  { envelopeOfRow, ordinals }: SpanBatch,
  rows: Uint32Array,
  { parts }: FlushBatch,
): { envelopes: EnvelopeSpans[]; envelopePlaces: Uint32Array } {
  const ranges: [number, number][][] = parts.map(() => [])
  // Rows of one envelope come in the order of their ordinals, as the decoder met them.
  for (const row of rows) {
    const own = ranges[envelopeOfRow[row]!]!
    const ordinal = ordinals[row]!
    const last = own.at(-1)
    if (last && last[1] === ordinal) last[1]++
    else own.push([ordinal, ordinal + 1])
  }
  const envelopes: EnvelopeSpans[] = []
  const envelopePlaces = new Uint32Array(parts.length)
  for (const [place, { envelope }] of parts.entries()) {
    const own = ranges[place]!
    if (own.length === 0) continue
    const [first] = own
    const whole = own.length === 1 && first![0] === 0 && first![1] === envelope.spans
    envelopePlaces[place] = envelopes.length
    const { id, receivedMs } = envelope
    envelopes.push({ id, ordinals: whole ? undefined : own, receivedMs })
  }
  return { envelopes, envelopePlaces }
}

/** A conflict is success only when the file that stands there lists the same spans. */
async function requireSame(
  key: string,
  envelopes: readonly EnvelopeSpans[],
  runtime: Runtime,
): Promise<void> {
  const tail = await readFreshTail(key, runtime)
  if (tail === undefined) {
    throw new SpanlakeError('unavailable', `fresh file conflicts and is missing, ${key}`)
  }
  if (sameEnvelopeSpans(tail.contents.envelopes, envelopes)) return
  throw new SpanlakeError('corrupt', `fresh file must hold the spans that its id names, ${key}`)
}
