import { expect, test } from 'vitest'
import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { envelopeId } from '../../src/envelope/envelope-id.ts'
import { sealEnvelope } from '../../src/envelope/seal-envelope.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { listDead, replayDead } from '../../src/flush/dead-letters.ts'
import { flushMessages } from '../../src/flush/flush-messages.ts'
import { unknownOwner } from '../../src/layout/keys.ts'
import { defaultLimits, type Limits } from '../../src/limits.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { encodeTracesData } from '../../src/otlp/encode.ts'
import { silentLog } from '../../src/ports/log.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { QueueMessage } from '../../src/ports/queue.ts'
import type { Runtime } from '../../src/runtime.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import type { Span } from '../../src/span/span.ts'

const nowMs = Date.UTC(2026, 10, 20, 17, 3)
const tenant = 'acme'

function site(limits: Partial<Limits> = {}): Runtime {
  const clock = steppedClock(nowMs)
  return {
    region: 'test-1',
    store: memoryStore({ clock }),
    clock,
    random: seededRandom(1),
    log: silentLog,
    meter: silentMeter,
    codec: nodeCodec,
    limits: { ...defaultLimits, ...limits },
  }
}

const random = seededRandom(7)
const traceId = random.bytes(16)

function span(startMs = nowMs): Span {
  const startNs = BigInt(startMs) * 1_000_000n
  return {
    traceId,
    spanId: random.bytes(8),
    parentSpanId: undefined,
    traceState: '',
    name: 'GET /cart',
    kind: 2,
    startNs,
    endNs: startNs + 1_000n,
    statusCode: 0,
    statusMessage: '',
    flags: 0,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    resource: { attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
    scope: { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
  }
}

function envelope(spans: readonly Span[], overrides: Partial<Envelope> = {}): Envelope {
  const content = encodeTracesData(spans).slice()
  return {
    id: envelopeId(tenant, content, nodeCodec),
    tenant,
    receivedMs: nowMs,
    encoding: 'zstd',
    decompressedBytes: content.length,
    spans: spans.length,
    items: spans.length,
    body: { kind: 'inline', bytes: nodeCodec.zstd(content) },
    ...overrides,
  }
}

interface Delivery extends QueueMessage {
  readonly fate: () => 'acked' | 'retried' | 'open'
}

function delivery(body: Uint8Array, attempt = 1): Delivery {
  let fate: ReturnType<Delivery['fate']> = 'open'
  return {
    id: '1',
    body,
    attempt,
    sentMs: nowMs,
    fate: () => fate,
    async ack() {
      fate = 'acked'
    },
    async retry() {
      fate = 'retried'
    },
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

async function spansRead(runtime: Runtime): Promise<number> {
  return (await lookupTrace(tenant, traceId, runtime, readCache())).spans.length
}

async function freshKeys(runtime: Runtime): Promise<string[]> {
  const { files } = await withSnapshot(tenant, runtime, readCache(), async (snapshot) => snapshot)
  return files.map(({ key }) => key)
}

function failingStore(store: ObjectStore, fails: (key: string) => boolean): ObjectStore {
  return {
    ...store,
    put: (key, body, mode) =>
      fails(key)
        ? Promise.reject(new SpanlakeError('unavailable', 'no room'))
        : store.put(key, body, mode),
  }
}

test('a flush writes one file under the hour of its latest receipt, then acknowledges', async () => {
  const runtime = site()
  const late = envelope([span()], { receivedMs: nowMs + 3_600_000 })
  const messages = [
    delivery(sealEnvelope(envelope([span(), span()]))),
    delivery(sealEnvelope(late)),
  ]
  const report = await flushMessages(messages, runtime)
  expect(report).toEqual({ acked: 2, retried: 0, spans: 3 })
  const keys = await freshKeys(runtime)
  expect(keys).toHaveLength(1)
  expect(keys[0]).toMatch(/^acme\/fresh\/date=2026-11-20\/hour=18\/[0-9a-f]{32}\.parquet$/)
  expect(await spansRead(runtime)).toBe(3)
})

test('the same messages again find their file and are acknowledged', async () => {
  const runtime = site()
  const sealed = sealEnvelope(envelope([span()]))
  await flushMessages([delivery(sealed)], runtime)
  const again = delivery(sealed, 2)
  await flushMessages([again], runtime)
  expect(again.fate()).toBe('acked')
  expect(await freshKeys(runtime)).toHaveLength(1)
})

// Protocol V1: an id that named the envelope alone would be the same for both files, and the second would be taken for
// done.
test('strays lie in a file of their own, and nothing of their envelope is lost', async () => {
  const runtime = site()
  const far = nowMs - runtime.limits.strayMs
  const spans = [span(), span(far - 1), span(far), span(nowMs + runtime.limits.strayMs + 1)]
  await flushMessages([delivery(sealEnvelope(envelope(spans)))], runtime)
  const { files } = await withSnapshot(tenant, runtime, readCache(), async (snapshot) => snapshot)
  const byStray = new Map(files.map(({ tail }) => [tail.contents.stray, tail]))
  expect(byStray.get(false)?.contents.envelopes[0]?.ordinals).toEqual([
    [0, 1],
    [2, 3],
  ])
  expect(byStray.get(true)?.contents.envelopes[0]?.ordinals).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(await spansRead(runtime)).toBe(4)
})

test('an envelope cut by one build and redelivered to another that cuts elsewhere is all there', async () => {
  const spans = Array.from({ length: 10 }, () => span())
  const sealed = sealEnvelope(envelope(spans))
  const first = site({ freshFileSpansMax: 4 })
  await flushMessages([delivery(sealed)], first)
  expect(await freshKeys(first)).toHaveLength(3)
  const second = { ...first, limits: { ...first.limits, freshFileSpansMax: 5 } }
  await flushMessages([delivery(sealed, 2)], second)
  expect(await freshKeys(first)).toHaveLength(5)
  expect(await spansRead(first)).toBe(10)
})

test('an envelope with an invalid span lists its ordinals: `all` would promise more than the file holds', async () => {
  const runtime = site()
  const bad = { ...span(), spanId: new Uint8Array(8) }
  await flushMessages([delivery(sealEnvelope(envelope([span(), bad, span()])))], runtime)
  const { files } = await withSnapshot(tenant, runtime, readCache(), async (snapshot) => snapshot)
  expect(files[0]?.tail.contents.envelopes[0]?.ordinals).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('a conflict with a file that lists other spans is no success', async () => {
  const runtime = site()
  const sealed = sealEnvelope(envelope([span()]))
  await flushMessages([delivery(sealed)], runtime)
  const [key] = await freshKeys(runtime)
  const other = site()
  await flushMessages([delivery(sealEnvelope(envelope([span(), span()])))], other)
  const [otherKey] = await freshKeys(other)
  const otherFile = await other.store.get(otherKey!)
  await runtime.store.put(key!, otherFile!.body, { kind: 'overwrite' })
  const again = delivery(sealed, 1)
  await flushMessages([again], runtime)
  // Its envelope goes to the dead letters, with the reason, rather than nowhere.
  const [letter] = await listDead(tenant, 10, runtime)
  expect(letter?.header.reason).toMatch(/fresh file must hold the spans that its id names/)
  expect(again.fate()).toBe('acked')
})

test('a store in trouble gives messages back, and nothing is dead', async () => {
  const runtime = site()
  const store = failingStore(runtime.store, (key) => key.includes('/fresh/'))
  const message = delivery(sealEnvelope(envelope([span()])))
  const report = await flushMessages([message], { ...runtime, store })
  expect(report).toEqual({ acked: 0, retried: 1, spans: 0 })
  expect(message.fate()).toBe('retried')
  expect(await listDead(tenant, 10, runtime)).toEqual([])
})

test('a broken envelope goes to the dead letters at once, and takes nobody with it', async () => {
  const runtime = site()
  const broken = envelope([span()], { decompressedBytes: 5 })
  const message = delivery(joined(sealEnvelope(broken), sealEnvelope(envelope([span()]))))
  await flushMessages([message], runtime)
  expect(message.fate()).toBe('acked')
  expect(await spansRead(runtime)).toBe(1)
  const letters = await listDead(tenant, 10, runtime)
  expect(letters.map(({ header }) => header.reason)).toEqual([
    expect.stringMatching(/zstd frame is broken/),
  ])
})

test('bytes that are no envelope go to the dead letters of nobody', async () => {
  const runtime = site()
  const message = delivery(Uint8Array.of(1, 2, 3))
  await flushMessages([message], runtime)
  expect(message.fate()).toBe('acked')
  const [letter] = await listDead(unknownOwner, 10, runtime)
  expect(letter?.content).toEqual(Uint8Array.of(1, 2, 3))
})

test('on the last attempt an envelope lies in dead before it is tried, and no more once it is safe', async () => {
  const runtime = site()
  const sealed = sealEnvelope(envelope([span()]))
  const seen: string[] = []
  const store: ObjectStore = {
    ...runtime.store,
    async put(key, body, mode) {
      seen.push(key.split('/')[1]!)
      return runtime.store.put(key, body, mode)
    },
  }
  const early = delivery(sealed, runtime.limits.attemptsMax - 1)
  await flushMessages([early], { ...runtime, store })
  expect(seen).toEqual(['fresh'])
  seen.length = 0
  const last = delivery(sealEnvelope(envelope([span()])), runtime.limits.attemptsMax)
  await flushMessages([last], { ...runtime, store })
  expect(seen).toEqual(['dead', 'fresh'])
  expect(last.fate()).toBe('acked')
  expect(await listDead(tenant, 10, runtime)).toEqual([])
})

test('what fails on the last attempt stays in dead, and comes back by replay', async () => {
  const runtime = site()
  const store = failingStore(runtime.store, (key) => key.includes('/fresh/'))
  const last = delivery(sealEnvelope(envelope([span()])), runtime.limits.attemptsMax)
  await flushMessages([last], { ...runtime, store })
  expect(last.fate()).toBe('acked')
  const [letter] = await listDead(tenant, 10, runtime)
  expect(letter?.header).toMatchObject({ attempts: runtime.limits.attemptsMax, reason: 'no room' })

  const queue = memoryQueue({ clock: runtime.clock })
  await replayDead(letter!.key, queue, runtime)
  expect(await listDead(tenant, 10, runtime)).toEqual([])
  const options = { messagesMax: 10, bytesMax: 1e6, visibilityMs: 1_000, waitMs: 0 }
  await flushMessages(await queue.receive(options), runtime)
  expect(await spansRead(runtime)).toBe(1)
})

test('a replayed envelope that dies again before the replay is over stays in dead', async () => {
  const runtime = site()
  const queue = memoryQueue({ clock: runtime.clock })
  await flushMessages(
    [delivery(sealEnvelope(envelope([span()], { decompressedBytes: 5 })))],
    runtime,
  )
  const [letter] = await listDead(tenant, 10, runtime)
  const flushed = async (): Promise<void> => {
    const options = { messagesMax: 10, bytesMax: 1e6, visibilityMs: 1_000, waitMs: 0 }
    await flushMessages(await queue.receive(options), runtime)
  }
  const sends = { ...queue, send: (body: Uint8Array) => queue.send(body).then(flushed) }
  await replayDead(letter!.key, sends, runtime)
  expect(await queue.depth()).toMatchObject({ messages: 0 })
  expect(await listDead(tenant, 10, runtime)).toMatchObject([{ content: letter!.content }])
})

test('a replay that the queue refuses leaves the envelope in dead', async () => {
  const runtime = site()
  await flushMessages(
    [delivery(sealEnvelope(envelope([span()], { decompressedBytes: 5 })))],
    runtime,
  )
  const content = (await listDead(tenant, 10, runtime))[0]!.content
  const full = { send: () => Promise.reject(new SpanlakeError('unavailable', 'queue is full')) }
  const queue = memoryQueue({ clock: runtime.clock })
  for (let round = 0; round < 2; round++) {
    const letters = await listDead(tenant, 10, runtime)
    expect(letters).toMatchObject([{ content }])
    const replaying = replayDead(letters[0]!.key, { ...queue, ...full }, runtime)
    await expect(replaying).rejects.toThrow('queue is full')
  }
  const [letter] = await listDead(tenant, 10, runtime)
  await replayDead(letter!.key, queue, runtime)
  expect(await listDead(tenant, 10, runtime)).toEqual([])
  expect(await queue.depth()).toMatchObject({ messages: 1 })
})

test('when not even dead can be written, the message is given back whatever its attempt', async () => {
  const runtime = site()
  const message = delivery(sealEnvelope(envelope([span()])), 99)
  await flushMessages([message], { ...runtime, store: failingStore(runtime.store, () => true) })
  expect(message.fate()).toBe('retried')
})

test('a spill that cannot be read is asked for again', async () => {
  const runtime = site()
  const content = encodeTracesData([span()]).slice()
  const key = 'acme/spill/date=2026-11-20/00000000000000000000000000000000'
  const spilled = sealEnvelope({
    ...envelope([span()]),
    ...head(content),
    body: { kind: 'spill', key },
  })
  const first = delivery(spilled)
  await flushMessages([first], runtime)
  expect(first.fate()).toBe('retried')
  await runtime.store.put(key, nodeCodec.zstd(content), { kind: 'create' })
  const second = delivery(spilled, 2)
  await flushMessages([second], runtime)
  expect(second.fate()).toBe('acked')
  expect(await spansRead(runtime)).toBe(1)
})

function head(content: Uint8Array): Pick<Envelope, 'id' | 'decompressedBytes' | 'spans'> {
  return { id: envelopeId(tenant, content, nodeCodec), decompressedBytes: content.length, spans: 1 }
}

test('from the second delivery on each envelope is pressed by itself', async () => {
  const runtime = site()
  const sealed = () => sealEnvelope(envelope([span()]))
  await flushMessages([delivery(sealed()), delivery(sealed())], runtime)
  expect(await freshKeys(runtime)).toHaveLength(1)
  await flushMessages([delivery(sealed(), 2), delivery(sealed(), 2)], runtime)
  expect(await freshKeys(runtime)).toHaveLength(3)
})

test('an envelope that two messages bring is held once', async () => {
  const runtime = site()
  const sealed = sealEnvelope(envelope([span()]))
  const [a, b] = [delivery(sealed), delivery(sealed)]
  await flushMessages([a, b], runtime)
  expect([a.fate(), b.fate()]).toEqual(['acked', 'acked'])
  const { files } = await withSnapshot(tenant, runtime, readCache(), async (snapshot) => snapshot)
  expect(files.map(({ tail }) => tail.rows)).toEqual([1])
})
