import { rawZstdFrame } from '../../src/adapters/cloudflare/raw-zstd-frame.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { listDead, replayDead } from '../../src/flush/dead-letters.ts'
import { flushMessages } from '../../src/flush/flush-messages.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import { sendEach } from '../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../src/ingest/rate-limit.ts'
import { defaultLimits, type Limits, tenantDefault } from '../../src/limits.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { encodeTracesData } from '../../src/otlp/encode.ts'
import type { Codec } from '../../src/ports/codec.ts'
import { silentLog } from '../../src/ports/log.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type FaultRates, messagesOn, noFaults, queueOn, seededFaults, storeOn } from './faults.ts'
import { randomSpans } from './random-spans.ts'

export interface WorldResult {
  /** Everything that happened, in order: two runs of one seed are the same. */
  readonly events: readonly string[]
  readonly acknowledged: number
  /** What must hold and did not. */
  readonly violations: readonly string[]
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const startMs = Date.UTC(2026, 10, 20, 12)
const steps = 60
const maxMessageBytes = 1_500
const rates: FaultRates = { before: 0.04, after: 0.04, kill: 0.015, pause: 0.015 }

/** Two builds of spanlake side by side: they cut envelopes elsewhere, call other spans strays, and encode other bytes. */
const builds: readonly { readonly limits: Limits; readonly codec: Codec }[] = [
  {
    limits: { ...defaultLimits, freshFileSpansMax: 7, flushBatchBytesMax: 6_000 },
    codec: nodeCodec,
  },
  {
    limits: { ...defaultLimits, freshFileSpansMax: 4, flushBatchBytesMax: 3_000, strayMs: hourMs },
    codec: { ...nodeCodec, zstd: rawZstdFrame, bodyEncoding: 'gzip' },
  },
]

/**
 * One seeded life of a site: clients that send and retry, workers that flush, a store and a queue that fail, kills,
 * pauses, clock steps, deliveries that come again days later. In the end all is well, the rest is flushed, and the
 * oracle asks for every acknowledged span.
 */
export async function runWorld(seed: number): Promise<WorldResult> {
  const world = makeWorld(seed)
  world.faults.rates = rates
  for (let step = 0; step < steps; step++) await takeStep(world)
  await settle(world)
  await judge(world)
  const { events, violations, acknowledged } = world
  return { events, violations, acknowledged: acknowledged.size }
}

type World = ReturnType<typeof makeWorld>

function makeWorld(seed: number) {
  const random = seededRandom(seed)
  const events: string[] = []
  const clock = steppedClock(startMs)
  return {
    random,
    events,
    clock,
    faults: seededFaults(random, (event) => events.push(event)),
    store: memoryStore({ clock, pageEntries: 3 }),
    queue: memoryQueue({ clock, maxMessageBytes }),
    /** Spans that got a 200, by trace id and span id; and all that were ever sent. */
    acknowledged: new Map<string, Span>(),
    sent: new Map<string, Span>(),
    /** Bodies whose sender has no 200 yet. */
    unanswered: [] as Uint8Array[],
    workers: new Set<Promise<void>>(),
    violations: [] as string[],
    workerCount: 0,
  }
}

async function takeStep(world: World): Promise<void> {
  const { random, clock, events } = world
  const choice = random.number()
  if (choice < 0.4) await send(world, newBody(world))
  else if (choice < 0.5) await retry(world)
  else if (choice < 0.85) await work(world)
  else if (choice < 0.9) world.faults.resumeOne()
  else if (choice < 0.93) {
    const ms = random.below(14 * dayMs)
    clock.step(ms)
    events.push(`time passes: ${ms} ms`)
  } else if (choice < 0.96) {
    clock.step(-random.below(hourMs))
    events.push('the clock steps back')
  } else if (choice < 0.98) {
    await world.queue.send(random.bytes(1 + random.below(80)))
    events.push('garbage on the queue')
  } else clock.step(random.below(200_000))
}

function newBody({ random, clock, sent }: World): Uint8Array {
  const spans = randomSpans(random, clock.nowMs())
  for (const span of spans) sent.set(nameOf(span), span)
  return encodeTracesData(spans).slice()
}

/** A client sends; without a 200 it will send the same again. */
async function send(world: World, body: Uint8Array): Promise<void> {
  const line = world.faults.line('door')
  const build = builds[world.random.below(builds.length)]!
  const runtime = runtimeOn(world, storeOn(line, world.store), build)
  const door = {
    runtime,
    queue: sendEach(queueOn(line, world.queue)),
    access: openAccess(),
    rate: rateLimit(world.clock),
    corsOrigins: [],
    inFlight: { bytes: 0 },
  }
  const headers: Record<string, string> = { 'content-type': 'application/x-protobuf' }
  const answering = exportTraces(
    { method: 'POST', header: (name) => headers[name], body: chunks(body) },
    door,
  )
  // A door that is paused longer than its client waits is a lost answer.
  const answer = await Promise.race([answering, afterTicks(200)])
  world.events.push(`client sends ${body.length} bytes: ${answer?.status ?? 'no answer'}`)
  if (answer?.status !== 200) {
    world.unanswered.push(body)
    return
  }
  for (const span of spansOf(body)) world.acknowledged.set(nameOf(span), span)
  // Some clients send again although all was well: the answer was lost on their side.
  if (world.random.chance(0.1)) world.unanswered.push(body)
}

async function retry(world: World): Promise<void> {
  const { random, unanswered } = world
  const body = unanswered.splice(random.below(Math.max(1, unanswered.length)), 1)[0]
  if (body) await send(world, body)
}

/** Starts a worker that flushes what is due; it is awaited for a while and may go on beside others. */
async function work(world: World): Promise<void> {
  const { random, queue, faults } = world
  const name = `worker ${++world.workerCount}`
  const messages = await queue.receive({
    messagesMax: 1 + random.below(6),
    bytesMax: 20_000,
    visibilityMs: 120_000,
    waitMs: 0,
  })
  if (messages.length === 0) return
  const line = faults.line(name)
  const again = async (body: Uint8Array): Promise<void> => {
    if (random.chance(0.1)) await queue.send(body)
  }
  const runtime = runtimeOn(world, storeOn(line, world.store), builds[random.below(builds.length)]!)
  const working = flushMessages(messagesOn(line, messages, again), runtime).then(
    ({ acked, retried }) => {
      world.events.push(`${name} acked ${acked}, gave back ${retried}`)
    },
  )
  const tracked = working.finally(() => world.workers.delete(tracked))
  world.workers.add(tracked)
  await Promise.race([tracked, afterTicks(random.below(2_000))])
}

/** All faults end; paused workers go on, the queue runs empty, dead letters are replayed. */
async function settle(world: World): Promise<void> {
  const { faults, workers, clock, queue, store } = world
  faults.rates = noFaults
  while (faults.resumeOne()) await afterTicks(500)
  await Promise.all(workers)
  const runtime = runtimeOn(world, store, builds[0]!)
  for (let round = 0; round < 3; round++) {
    for (const { key } of await listDead(tenantDefault, 10_000, runtime)) {
      await replayDead(key, queue, runtime)
    }
    while ((await queue.depth()).messages > 0) {
      clock.step(200_000)
      await work(world)
      await Promise.all(workers)
    }
  }
}

/** Every acknowledged span is read once and exactly as sent; no span is read twice; lists count what lookups find. */
async function judge(world: World): Promise<void> {
  const { violations, acknowledged, sent } = world
  const runtime = runtimeOn(world, world.store, builds[0]!)
  const cache = readCache()
  const traceIds = new Map([...sent.values()].map(({ traceId }) => [hexOf(traceId), traceId]))
  const found = new Map<string, number>()
  for (const [hex, traceId] of traceIds) {
    const answer = await lookupTrace(tenantDefault, traceId, runtime, cache)
    if (answer.reasons.length > 0)
      violations.push(`${hex} is partial: ${answer.reasons.join('; ')}`)
    if (answer.spans.length > 0) found.set(hex, answer.spans.length)
    const names = answer.spans.map(nameOf)
    if (new Set(names).size !== names.length) violations.push(`${hex} has a span twice`)
    for (const span of answer.spans) {
      const original = sent.get(nameOf(span))
      if (!original || !sameSpan(original, span)) violations.push(`${nameOf(span)} has changed`)
    }
    const present = new Set(names)
    for (const [name, span] of acknowledged) {
      if (hexOf(span.traceId) === hex && !present.has(name)) violations.push(`${name} is lost`)
    }
  }
  const list = await listTraces(tenantDefault, { limit: 1_000 }, runtime, cache)
  const listed = new Map(list.traces.map(({ traceId, spans }) => [hexOf(traceId), spans]))
  for (const [hex, spans] of found) {
    if (listed.get(hex) !== spans) {
      violations.push(`${hex} has ${spans} spans and is listed with ${listed.get(hex)}`)
    }
  }
  if (listed.size !== found.size)
    violations.push(`${listed.size} traces are listed of ${found.size}`)
}

function runtimeOn(
  { clock, random }: World,
  store: ObjectStore,
  { limits, codec }: { readonly limits: Limits; readonly codec: Codec },
): Runtime {
  return {
    region: 'sim-1',
    store,
    clock,
    random,
    log: silentLog,
    meter: silentMeter,
    codec,
    limits,
  }
}

function spansOf(body: Uint8Array): Span[] {
  const builder = new SpanBatchBuilder()
  decodeRequest(body, builder, { envelope: 0 })
  return spansOfBatch(builder.finish())
}

function nameOf({ traceId, spanId }: Span): string {
  return `${hexOf(traceId)}/${hexOf(spanId)}`
}

/** Attributes have no order at rest, so they are compared by key. */
function sameSpan(a: Span, b: Span): boolean {
  return canonical(a) === canonical(b)
}

function canonical(span: Span): string {
  const sorted = span.attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return hexOf(encodeTracesData([{ ...span, attributes: sorted }]))
}

async function afterTicks(ticks: number): Promise<undefined> {
  for (let tick = 0; tick < ticks; tick++) await null
  return undefined
}

async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body.slice()
}
