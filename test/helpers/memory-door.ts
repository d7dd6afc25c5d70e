import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeClock } from '../../src/adapters/node/clock.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { type Access, openAccess } from '../../src/ingest/access.ts'
import type { Door } from '../../src/ingest/export-traces.ts'
import { type EnvelopeSender, gatherEnvelopes } from '../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../src/ingest/rate-limit.ts'
import { defaultLimits, type Limits } from '../../src/limits.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { MeterLabels } from '../../src/ports/meter.ts'
import type { PullQueue, Queue } from '../../src/ports/queue.ts'
import type { Runtime } from '../../src/runtime.ts'
import { type Queued, takeQueued } from './queued-spans.ts'

export interface MemoryDoorOptions {
  readonly limits?: Partial<Limits>
  readonly clock?: Clock
  readonly access?: Access
  readonly corsOrigins?: readonly string[]
  readonly maxMessageBytes?: number
  readonly sender?: (queue: Queue, runtime: Runtime) => EnvelopeSender
}

export interface MemoryDoor {
  readonly door: Door
  readonly runtime: Runtime
  readonly queue: PullQueue
  /** What the next sends do, one after the other, before or instead of reaching the queue; then all is well again. */
  readonly faults: ((send: () => Promise<void>) => Promise<void>)[]
  /** Counters by `name{label="value"}`. */
  readonly counted: Map<string, number>
  takeQueued(): Promise<Queued>
}

/** A door over memory adapters, with faults for its queue and with everything it counts. */
export function memoryDoor(options: MemoryDoorOptions = {}): MemoryDoor {
  const { clock = nodeClock, maxMessageBytes = 1_000_000 } = options
  const queue = memoryQueue({ clock, maxMessageBytes })
  const faults: MemoryDoor['faults'] = []
  const counted = new Map<string, number>()
  const add = (name: string, value: number, labels: MeterLabels = {}): void => {
    const [label] = Object.entries(labels)
    const key = label ? `${name}{${label[0]}="${label[1]}"}` : name
    counted.set(key, (counted.get(key) ?? 0) + value)
  }
  const runtime: Runtime = {
    region: 'test-1',
    store: memoryStore({ clock }),
    clock,
    random: seededRandom(1),
    log: silentLog,
    meter: { count: add, observe: add, gauge() {} },
    codec: nodeCodec,
    limits: { ...defaultLimits, ...options.limits },
  }
  const faultyQueue: Queue = {
    maxMessageBytes,
    async send(body) {
      const fault = faults.shift()
      const send = () => queue.send(body)
      await (fault ? fault(send) : send())
    },
  }
  const { sender = gatherEnvelopes } = options
  const door: Door = {
    runtime,
    queue: sender(faultyQueue, runtime),
    access: options.access ?? openAccess(),
    rate: rateLimit(clock),
    corsOrigins: options.corsOrigins ?? [],
    inFlight: { bytes: 0 },
  }
  return { door, runtime, queue, faults, counted, takeQueued: () => takeQueued(queue, runtime) }
}
