import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { envelopeId } from '../../src/envelope/envelope-id.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { freshPrefix } from '../../src/layout/keys.ts'
import { defaultLimits, type Limits } from '../../src/limits.ts'
import { checkRequest } from '../../src/otlp/check.ts'
import { encodeTracesData } from '../../src/otlp/encode.ts'
import { silentLog } from '../../src/ports/log.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import { listAll, type ObjectStore } from '../../src/ports/object-store.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Span } from '../../src/span/span.ts'

export const nowMs = 1_763_658_191_000
export const nowNs = BigInt(nowMs) * 1_000_000n

export interface LookupWorld {
  readonly runtime: Runtime
  readonly store: ObjectStore
  /** What was asked of the store since `forget`. */
  readonly asked: { gets: string[]; lists: number; bytes: number }
  forget(): void
  /** Time passes, for workers and for the store, whose clock is its own. */
  pass(ms: number): void
  /** The request of these spans as an envelope of `acme`. */
  envelope(spans: readonly Span[], receivedMs?: number): Envelope
  /** Presses envelopes, or parts of them, into one fresh file; its key. */
  flush(...parts: (Envelope | readonly [Envelope, from: number, to: number])[]): Promise<string>
  keys(): Promise<string[]>
}

/** Fresh files as a flush makes them, over a memory store that counts what is asked of it. */
export function lookupWorld(limits: Partial<Limits> = {}): LookupWorld {
  const clock = steppedClock(nowMs)
  const storeClock = steppedClock(nowMs)
  const held = memoryStore({ clock: storeClock })
  const asked = { gets: [] as string[], lists: 0, bytes: 0 }
  const store: ObjectStore = {
    ...held,
    async get(key, range) {
      asked.gets.push(range === undefined ? 'whole' : 'suffix' in range ? 'tail' : 'rows')
      const stored = await held.get(key, range)
      asked.bytes += stored?.body.length ?? 0
      return stored
    },
    async list(prefix, after) {
      asked.lists++
      return held.list(prefix, after)
    },
  }
  const runtime: Runtime = {
    region: 'here',
    store,
    clock,
    random: seededRandom(1),
    log: silentLog,
    meter: silentMeter,
    codec: nodeCodec,
    limits: { ...defaultLimits, ...limits },
  }
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of listAll(held, freshPrefix('acme'))) found.push(key)
    return found
  }
  return {
    runtime,
    store,
    asked,
    keys,
    pass(ms) {
      clock.step(ms)
      storeClock.step(ms)
    },
    forget() {
      asked.gets = []
      asked.lists = 0
      asked.bytes = 0
    },
    envelope(spans, receivedMs = nowMs) {
      const body = encodeTracesData(spans).slice()
      const checked = checkRequest(body)
      return {
        id: envelopeId('acme', body, nodeCodec),
        tenant: 'acme',
        receivedMs,
        encoding: 'zstd',
        decompressedBytes: body.length,
        spans: checked.spans,
        items: checked.items,
        body: { kind: 'inline', bytes: nodeCodec.zstd(body) },
      }
    },
    async flush(...given) {
      const before = new Set(await keys())
      const parts = given.map((part) =>
        'id' in part
          ? { envelope: part, range: undefined }
          : { envelope: part[0], range: [part[1], part[2]] as const },
      )
      await flushBatch({ tenant: 'acme', parts }, runtime)
      const [added, ...more] = (await keys()).filter((key) => !before.has(key))
      if (added === undefined || more.length > 0) throw new Error('flush must make one file')
      return added
    },
  }
}

export function traceId(number: number): Uint8Array {
  const id = new Uint8Array(16).fill(0x11)
  new DataView(id.buffer).setUint32(12, number)
  return id
}
