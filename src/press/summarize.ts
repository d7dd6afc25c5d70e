import { compareRootTexts, type Summaries } from '../index/summaries.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { sameId } from './fixed-chunks.ts'
import { stringOf } from './plan-columns.ts'

/** OTLP's STATUS_CODE_ERROR. */
export const statusError = 2

/** One summary a trace, in the order of the rows given, which is by trace id and start. */
export function summarizeTraces(batch: SpanBatch, order: Uint32Array): Summaries {
  const firsts = firstPlaces(batch, order)
  const count = firsts.length - 1
  const serviceOfResource = servicesOf(batch)
  const summaries = {
    traceIds: new Uint8Array(count * 16),
    spans: new Uint32Array(count),
    errors: new Uint32Array(count),
    startNs: new BigInt64Array(count),
    endNs: new BigInt64Array(count),
    rootStartNs: new BigInt64Array(count),
    rootServices: new Uint32Array(count),
    rootNames: new Uint32Array(count),
    firstService: new Uint32Array(count + 1),
  }
  const services: number[] = []
  /** Rows come by start: a later row is the root only where it starts together with the one found. */
  const isRootBefore = (row: number, root: number): boolean =>
    batch.startNs[row] === batch.startNs[root] &&
    compareRootTexts(nameOf(row), serviceOf(row), nameOf(root), serviceOf(root)) < 0
  const nameOf = (row: number): string => stringOf(batch, batch.names[row]!)
  const serviceOf = (row: number): string | undefined => {
    const service = serviceOfResource[batch.resourceOfRow[row]!]!
    return service < 0 ? undefined : stringOf(batch, service)
  }
  const strings = new TextIds(batch)
  for (let trace = 0; trace < count; trace++) {
    const [from, to] = [firsts[trace]!, firsts[trace + 1]!]
    const first = order[from]!
    summaries.traceIds.set(batch.traceIds.subarray(first * 16, first * 16 + 16), trace * 16)
    summaries.spans[trace] = to - from
    summaries.startNs[trace] = batch.startNs[first]!
    let endRow = first
    let root = -1
    const seen = new Set<number>()
    for (let place = from; place < to; place++) {
      const row = order[place]!
      if (batch.statusCodes[row] === statusError) summaries.errors[trace]!++
      if (isLater(batch.endNs, row, endRow)) endRow = row
      if (isZero(batch.parentSpanIds, row * 8) && (root < 0 || isRootBefore(row, root))) root = row
      const service = serviceOfResource[batch.resourceOfRow[row]!]!
      if (service >= 0) seen.add(service)
    }
    summaries.endNs[trace] = batch.endNs[endRow]!
    summaries.rootStartNs[trace] = batch.startNs[root < 0 ? first : root]!
    if (root >= 0) {
      const service = serviceOfResource[batch.resourceOfRow[root]!]!
      summaries.rootServices[trace] = service < 0 ? 0 : strings.idOf(service) + 1
      summaries.rootNames[trace] = strings.idOf(batch.names[root]!) + 1
    }
    const names = Array.from(seen, (service) => strings.idOf(service))
    services.push(...names.sort((a, b) => (strings.texts[a]! < strings.texts[b]! ? -1 : 1)))
    summaries.firstService[trace + 1] = services.length
  }
  return { ...summaries, services: Uint32Array.from(services), strings: strings.texts }
}

/** The place of each trace's first span, and the end. */
export function firstPlaces(batch: SpanBatch, order: Uint32Array): number[] {
  const firsts: number[] = []
  for (let place = 0; place < order.length; place++) {
    if (place > 0 && sameId(batch.traceIds, order[place]! * 16, order[place - 1]! * 16)) continue
    firsts.push(place)
  }
  firsts.push(order.length)
  return firsts
}

/** By resource, the string id of its `service.name`; -1 for none. */
function servicesOf(batch: SpanBatch): Int32Array {
  return Int32Array.from(batch.resources, ({ attributes }) => {
    const service = attributes.find(
      ({ key, type }) => type === 'string' && stringOf(batch, key) === 'service.name',
    )
    return service?.value ?? -1
  })
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 8; i++) if (bytes[i] !== 0) return false
  return true
}

/** Compares halves: reading a BigInt64Array makes a bigint a time. */
function isLater(times: BigInt64Array, a: number, b: number): boolean {
  const halves = new Int32Array(times.buffer, times.byteOffset)
  const [highA, highB] = [halves[a * 2 + 1]!, halves[b * 2 + 1]!]
  return highA > highB || (highA === highB && halves[a * 2]! >>> 0 > halves[b * 2]! >>> 0)
}

/** Texts in the order of first use. */
class TextIds {
  readonly texts: string[] = []
  readonly #batch: SpanBatch
  readonly #ids = new Map<number, number>()

  constructor(batch: SpanBatch) {
    this.#batch = batch
  }

  idOf(string: number): number {
    const known = this.#ids.get(string)
    if (known !== undefined) return known
    this.#ids.set(string, this.texts.length)
    this.texts.push(stringOf(this.#batch, string))
    return this.texts.length - 1
  }
}
