import { AsciiWriter } from './ascii-writer.ts'
import type { Visit } from './demo-attributes.ts'
import { type DemoOperation, demoPages } from './demo-operations.ts'
import { type DemoPod, startPods, takeRequest } from './demo-pods.ts'
import { type SeededNumbers, seededNumbers } from './seeded-numbers.ts'
import { type SpanPlace, writeSpan } from './write-span.ts'

export interface GenerateOptions {
  readonly seed: number
  /** Spans in all; the last trace may be cut. */
  readonly spans: number
  /** Below 100 each request holds spans of one pod, as SDKs send; from 100 on of many, as a Collector does. */
  readonly spansPerRequest: number
  /** When the first trace begins, in ms since 1970. */
  readonly startMs?: number
  /** From one trace's begin to the next one's. */
  readonly msPerTrace?: number
}

/** One run of the generator: what is left to do, what waits to be sent, and what is ready. */
interface Shop {
  readonly numbers: SeededNumbers
  readonly pods: ReadonlyMap<string, readonly DemoPod[]>
  readonly options: GenerateOptions
  left: number
  waiting: number
  readonly ready: Uint8Array<ArrayBuffer>[]
}

/** One walk through the shop: a trace. */
interface Walk extends Visit {
  readonly traceId: SpanPlace['traceId']
  readonly beginNs: bigint
}

const mixedFrom = 100

/**
 * Traffic like that of the OpenTelemetry demo shop, as OTLP ExportTraceServiceRequests in protobuf: the same for the
 * same options. Ids are fully random; a span has about 360 bytes on the wire in large requests.
 */
export function generateRequests(options: GenerateOptions): Uint8Array<ArrayBuffer>[] {
  return [...generateRequestsLazily(options)]
}

/** The same, one by one, for more than memory should hold. */
export function* generateRequestsLazily(
  options: GenerateOptions,
): Generator<Uint8Array<ArrayBuffer>, void> {
  const { seed, spans, startMs = 1_790_000_000_000, msPerTrace = 10 } = options
  const numbers = seededNumbers(seed)
  const shop: Shop = { numbers, pods: startPods(), options, left: spans, waiting: 0, ready: [] }
  for (let trace = 0; shop.left > 0; trace++) {
    const jitterNs = numbers.whole(0, msPerTrace * 1_000_000)
    const beginNs = BigInt(Math.floor(startMs + trace * msPerTrace)) * 1_000_000n + BigInt(jitterNs)
    perform(numbers.pick(demoPages), shop, startWalk(numbers, beginNs), undefined, 0)
    yield* shop.ready.splice(0)
  }
  yield* remainder(shop)
}

function startWalk(numbers: SeededNumbers, beginNs: bigint): Walk {
  return {
    numbers,
    beginNs,
    traceId: [numbers.bits(), numbers.bits(), numbers.bits(), numbers.bits() | 1],
    userId: `user-${numbers.whole(1, 5_000)}`,
    sessionId: `${numbers.hex(8)}-${numbers.hex(4)}-${numbers.hex(4)}-${numbers.hex(12)}`,
    currency: numbers.pick(['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'CAD']),
    orderId: `${numbers.hex(8)}-${numbers.hex(4)}-11f0-${numbers.hex(12)}`,
    productId: () => numbers.pick(productIds),
  }
}

/**
 * Plays an operation that begins `offsetNs` after its trace, and returns when it ends. A span is written when it ends,
 * after those it called, which is the order in which exporters see them.
 */
function perform(
  operation: DemoOperation,
  shop: Shop,
  walk: Walk,
  parent: SpanPlace['spanId'] | undefined,
  offsetNs: number,
): number {
  if (shop.left === 0) return offsetNs
  shop.left--
  const { numbers } = shop
  const spanId = [numbers.bits(), numbers.bits() | 1] as const
  const [min, max] = operation.selfUs
  const calls = operation.calls.flatMap(({ to, times }) =>
    Array<DemoOperation>(numbers.whole(...times)).fill(to),
  )
  const sliceNs = numbers.whole(min * 1_000, max * 1_000) / (calls.length + 1)
  let nowNs = offsetNs + sliceNs
  for (const to of calls) {
    const hopNs = to.service === operation.service ? 0 : numbers.whole(60_000, 600_000)
    const endNs = perform(to, shop, walk, spanId, nowNs + hopNs)
    // Whoever consumes from a queue does so behind the producer's back.
    if (!to.linked) nowNs = endNs + hopNs + sliceNs
  }
  const place: SpanPlace = {
    traceId: walk.traceId,
    spanId,
    parent,
    startNs: walk.beginNs + BigInt(Math.floor(offsetNs)),
    endNs: walk.beginNs + BigInt(Math.floor(nowNs)),
  }
  finishSpan(operation, shop, walk, place)
  return nowNs
}

function finishSpan(operation: DemoOperation, shop: Shop, walk: Walk, place: SpanPlace): void {
  const pods = shop.pods.get(operation.service) as readonly DemoPod[]
  const pod = pods[walk.traceId[0] % pods.length] as DemoPod
  let spans = pod.scopes.get(operation.scope)
  if (spans === undefined) {
    spans = new AsciiWriter()
    pod.scopes.set(operation.scope, spans)
  }
  writeSpan(spans, operation, place, walk)
  pod.spans++
  shop.waiting++
  const { spansPerRequest } = shop.options
  if (spansPerRequest >= mixedFrom) {
    if (shop.waiting >= spansPerRequest) takeInto(shop, [...shop.pods.values()].flat())
  } else if (pod.spans >= spansPerRequest) takeInto(shop, [pod])
}

function takeInto(shop: Shop, pods: readonly DemoPod[]): void {
  for (const pod of pods) shop.waiting -= pod.spans
  shop.ready.push(takeRequest(pods))
}

/** What the pods still hold, packed into as few requests as go. */
function* remainder(shop: Shop): Generator<Uint8Array<ArrayBuffer>> {
  let together: DemoPod[] = []
  let spans = 0
  for (const pod of [...shop.pods.values()].flat()) {
    if (pod.spans === 0) continue
    if (spans + pod.spans > shop.options.spansPerRequest) {
      yield takeRequest(together)
      together = []
      spans = 0
    }
    together.push(pod)
    spans += pod.spans
  }
  if (together.length > 0) yield takeRequest(together)
}

const productIds = [
  'OLJCESPC7Z',
  '66VCHSJNUP',
  '1YMWWN1N4O',
  'L9ECAV7KIM',
  '2ZYFJ3GM2N',
  '0PUK6V6EV0',
  'LS4PSXUNUM',
  '9SIQT8TOJO',
  '6E92ZMYYFZ',
  'HQTGWGPNH4',
]
