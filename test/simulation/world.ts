import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { searchTraces } from '../../query/search/search-traces.ts'
import { rawZstdFrame } from '../../src/adapters/cloudflare/raw-zstd-frame.ts'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { retryingStore } from '../../src/adapters/wrap/retrying.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { kindOf } from '../../src/errors.ts'
import { listDead, replayDead } from '../../src/flush/dead-letters.ts'
import { flushMessages } from '../../src/flush/flush-messages.ts'
import { fsck } from '../../src/fsck/fsck.ts'
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
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { type ReadCache, readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { metricsQueryOf } from '../helpers/metrics-query.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
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
  await judge(world, 'in the end')
  const { events, violations, acknowledged } = world
  return { events, violations, acknowledged: acknowledged.size }
}

type World = ReturnType<typeof makeWorld>

function makeWorld(seed: number) {
  const random = seededRandom(seed)
  const events: string[] = []
  const clock = steppedClock(startMs)
  // The store's own time only goes on, whatever becomes of its users' clocks.
  const storeClock = steppedClock(startMs)
  return {
    random,
    events,
    clock,
    pass(ms: number) {
      clock.step(ms)
      storeClock.step(ms)
    },
    faults: seededFaults(random, (event) => events.push(event)),
    store: memoryStore({ clock: storeClock, pageEntries: 3 }),
    retentionMs: random.chance(0.4) ? 10 * dayMs : 400 * dayMs,
    queue: memoryQueue({ clock, maxMessageBytes }),
    /** Spans that got a 200, by trace id and span id; and all that were ever sent. */
    acknowledged: new Map<string, Span>(),
    sent: new Map<string, Span>(),
    /** When each was sent first: what is received before `expired` may be gone. */
    sentMs: new Map<string, number>(),
    /** When each body was sent, and traces of those sent again so late that receipts do not tell (DESIGN §4). */
    bodySentMs: new Map<Uint8Array, number>(),
    lateTraces: new Set<string>(),
    /** Acknowledged spans that an answer has shown: they must not disappear again. */
    seen: new Set<string>(),
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
  if (choice < 0.3) await send(world, newBody(world))
  else if (choice < 0.38) await retry(world)
  else if (choice < 0.6) await work(world)
  else if (choice < 0.82) await maintain(world)
  else if (choice < 0.88) world.faults.resumeOne()
  else if (choice < 0.93) {
    const ms = random.chance(0.5) ? random.below(3 * hourMs) : random.below(14 * dayMs)
    world.pass(ms)
    events.push(`time passes: ${ms} ms`)
  } else if (choice < 0.96) {
    clock.step(-random.below(hourMs))
    events.push('the clock steps back')
  } else if (choice < 0.98) {
    await world.queue.send(random.bytes(1 + random.below(80)))
    events.push('garbage on the queue')
  } else world.pass(random.below(200_000))
  if (random.chance(0.15)) await judge(world, 'on the way')
}

function newBody({ random, clock, sent, sentMs }: World): Uint8Array {
  const spans = randomSpans(random, clock.nowMs())
  for (const span of spans) {
    sent.set(nameOf(span), span)
    sentMs.set(nameOf(span), clock.nowMs())
  }
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
  noteLateRepeat(world, body, answer === undefined)
  if (answer?.status !== 200) {
    world.unanswered.push(body)
    return
  }
  for (const span of spansOf(body)) world.acknowledged.set(nameOf(span), span)
  // Some clients send again although all was well: the answer was lost on their side.
  if (world.random.chance(0.1)) world.unanswered.push(body)
}

/** A repeat that is received hours later counts as one in a different body. A door that is paused receives at any time. */
function noteLateRepeat(
  { bodySentMs, lateTraces, clock }: World,
  body: Uint8Array,
  isPaused: boolean,
) {
  const hour = Math.floor(clock.nowMs() / hourMs)
  const first = bodySentMs.get(body) ?? hour
  bodySentMs.set(body, isPaused ? Number.NEGATIVE_INFINITY : first)
  if (Math.abs(hour - first) <= 1 && !isPaused) return
  for (const { traceId } of spansOf(body)) lateTraces.add(hexOf(traceId))
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

/** Starts a worker that compacts, expires or sweeps; as `work`, it may go on beside others. */
async function maintain(world: World): Promise<void> {
  const { random, faults, events, violations } = world
  const name = `maintainer ${++world.workerCount}`
  const line = storeOn(faults.line(name), world.store)
  const build = builds[random.below(builds.length)]!
  const plain = runtimeOn(world, line, build)
  const store = random.chance(0.5) ? retryingStore(line, { clock: world.clock, random }) : line
  const runtime = { ...plain, store }
  const choice = random.number()
  const working = maintenance(choice, world, runtime)
    .then((report) => void events.push(`${name}: ${report}`))
    .catch((error: unknown) => {
      if (kindOf(error) !== 'unavailable') violations.push(`${name}: ${String(error)}`)
      events.push(`${name}: ${String(error)}`)
    })
  const tracked = working.finally(() => world.workers.delete(tracked))
  world.workers.add(tracked)
  await Promise.race([tracked, afterTicks(random.below(6_000))])
}

async function maintenance(choice: number, world: World, runtime: Runtime): Promise<string> {
  const cache = readCache()
  if (choice < 0.6) {
    const now = world.random.chance(0.8)
    return `compacts, ${(await compactStep(tenantDefault, runtime, cache, { now })).kind}`
  }
  if (choice < 0.85) {
    const { floor, more: _, ...removed } = await sweep(tenantDefault, runtime, cache.index)
    return `sweeps at floor ${floor}, ${JSON.stringify(removed)}`
  }
  const report = await expire(tenantDefault, world.retentionMs, runtime, cache)
  return `expires ${JSON.stringify(report)}`
}

/** All faults end; paused workers go on, the queue runs empty, dead letters are replayed. */
async function settle(world: World): Promise<void> {
  const { faults, workers, queue, store } = world
  faults.rates = noFaults
  while (faults.resumeOne()) await afterTicks(500)
  await Promise.all(workers)
  const runtime = runtimeOn(world, store, builds[0]!)
  for (let round = 0; round < 3; round++) {
    for (const { key } of await listDead(tenantDefault, 10_000, runtime)) {
      await replayDead(key, queue, runtime)
    }
    while ((await queue.depth()).messages > 0) {
      world.pass(200_000)
      await work(world)
      await Promise.all(workers)
    }
  }
  await judge(world, 'after the last flush')
  const cache = readCache()
  for (const ms of [0, 3 * hourMs, 3 * hourMs, 3 * hourMs]) {
    world.pass(ms)
    for (let step = 0; step < 40; step++) {
      const { kind } = await compactStep(tenantDefault, runtime, cache, { now: true })
      if (kind === 'nothing') break
      if (step === 39) world.violations.push('compaction does not come to an end')
    }
    await sweep(tenantDefault, runtime, cache.index)
  }
}

type Moment = 'on the way' | 'after the last flush' | 'in the end'

/**
 * What must hold at any moment of a frozen store: every pointer resolves; no span is read twice or changed; what was
 * once shown is shown again, until it expires; lists and searches count what lookups find. Once all is flushed, every acknowledged
 * span that is not expired is there; once all is swept, nothing is left that nobody names.
 */
async function judge(world: World, moment: Moment): Promise<void> {
  const { acknowledged, sent, sentMs, seen } = world
  const violations: string[] = []
  const runtime = runtimeOn(world, world.store, builds[0]!)
  const cache = readCache()
  const report = await fsck(tenantDefault, runtime, { deep: moment === 'in the end' })
  violations.push(...report.problems)
  if (moment === 'in the end' && report.unnamed.length > 0) {
    violations.push(`unnamed after the last sweep: ${report.unnamed.map(({ key }) => key)}`)
  }
  const gone: string[] = []
  const traceIds = new Map([...sent.values()].map(({ traceId }) => [hexOf(traceId), traceId]))
  const found = new Map<string, readonly Span[]>()
  for (const [hex, traceId] of traceIds) {
    const answer = await lookupTrace(tenantDefault, traceId, runtime, cache)
    if (answer.reasons.length > 0)
      violations.push(`${hex} is partial: ${answer.reasons.join('; ')}`)
    if (answer.spans.length > 0) found.set(hex, answer.spans)
    const names = answer.spans.map(nameOf)
    if (new Set(names).size !== names.length) violations.push(`${hex} has a span twice`)
    for (const span of answer.spans) {
      const original = sent.get(nameOf(span))
      if (!original || !sameSpan(original, span)) violations.push(`${nameOf(span)} has changed`)
    }
    const present = new Set(names)
    for (const [name, span] of acknowledged) {
      if (hexOf(span.traceId) !== hex) continue
      const isDue = moment !== 'on the way' || seen.has(name)
      if (present.has(name)) seen.add(name)
      else if (isDue) gone.push(name)
    }
  }
  // Read after the spans were looked for: somebody may have expired them between two lookups.
  const index = { tenant: tenantDefault, region: runtime.region }
  const { expiredMs } = (await newestManifest(index, runtime, cache.index)).manifest
  for (const name of gone) {
    if ((sentMs.get(name) ?? 0) >= expiredMs) violations.push(`${name} is lost`)
  }
  const list = await listTraces(tenantDefault, { limit: 1_000 }, runtime, cache)
  const listed = new Map(list.traces.map(({ traceId, spans }) => [hexOf(traceId), spans]))
  for (const [hex, { length }] of found) {
    const count = listed.get(hex) ?? 0
    if (world.lateTraces.has(hex) ? count < length : count !== length) {
      violations.push(`${hex} has ${length} spans and is listed with ${count}`)
    }
  }
  if (listed.size !== found.size)
    violations.push(`${listed.size} traces are listed of ${found.size}`)
  // On the way one of them in turn: they cost as much as all else.
  const turn = world.events.length % questions.length
  for (const question of moment === 'on the way' ? questions.slice(turn, turn + 1) : questions) {
    violations.push(...(await searchFaults(question, found, runtime, cache)))
  }
  violations.push(...(await countFaults(world, found, runtime, cache)))
  world.violations.push(...violations.map((violation) => `${moment}: ${violation}`))
  if (violations.length > 0) world.events.push(`violated ${moment}: ${violations[0]}`)
}

/** How a count over all time differs from what lookups found: repeats that receipts do not tell may count again. */
async function countFaults(
  { lateTraces, clock }: World,
  found: ReadonlyMap<string, readonly Span[]>,
  runtime: Runtime,
  cache: ReadCache,
): Promise<string[]> {
  // A query may ask for 90 days at once.
  const windowNs = 80n * BigInt(dayMs) * 1_000_000n
  const untilNs = BigInt(clock.nowMs() + dayMs) * 1_000_000n
  const faults: string[] = []
  let count = 0
  let startNs = BigInt(startMs - 40 * dayMs) * 1_000_000n
  for (; startNs < untilNs; startNs += windowNs) {
    const endNs = startNs + windowNs - 1n
    const options = {
      query: metricsQueryOf('{} | count_over_time()'),
      range: { startNs, endNs, stepNs: windowNs, isInstant: true },
      exemplars: 0,
      seriesMax: 10,
    }
    const { series, reasons } = await queryMetrics(tenantDefault, options, runtime, cache)
    for (const { values } of series) count += values[0] ?? 0
    faults.push(...reasons.map((reason) => `the count is partial: ${reason}`))
  }
  const expected = [...found.values()].reduce((sum, { length }) => sum + length, 0)
  const mayBeMore = Array.from(found.keys()).some((hex) => lateTraces.has(hex))
  if (mayBeMore ? count < expected : count !== expected) {
    faults.push(`${count} spans are counted of ${expected}`)
  }
  return faults
}

interface Question {
  readonly query: string
  readonly isFound: (span: Span) => boolean
}

const questions: readonly Question[] = [
  { query: '{}', isFound: () => true },
  { query: '{ name = "operation 3" }', isFound: ({ name }) => name === 'operation 3' },
  {
    query: '{ span.a.b != nil }',
    isFound: ({ attributes }) => attributes.some(({ key }) => key === 'a.b'),
  },
]

/** How a search differs from what lookups found. */
async function searchFaults(
  { query, isFound }: Question,
  found: ReadonlyMap<string, readonly Span[]>,
  runtime: Runtime,
  cache: ReadCache,
): Promise<string[]> {
  const options = { stages: stagesOf(query), limit: 1_000, spansPerSet: 1 }
  const { traces, reasons } = await searchTraces(tenantDefault, options, runtime, cache)
  const matched = new Map(
    traces.map(({ traceId, sets }) => [traceId, sets.reduce((sum, set) => sum + set.matched, 0)]),
  )
  const faults = reasons.map((reason) => `${query} is partial: ${reason}`)
  for (const [hex, spans] of found) {
    const [count, expected] = [matched.get(hex) ?? 0, spans.filter(isFound).length]
    if (count !== expected)
      faults.push(`${query} matches ${count} spans of ${hex}, not ${expected}`)
    matched.delete(hex)
  }
  return [...faults, ...Array.from(matched.keys(), (hex) => `${query} finds ${hex}, which is gone`)]
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
