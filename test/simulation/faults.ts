import type { SeededRandom } from '../../src/adapters/memory/random.ts'
import { SpanlakeError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { Queue, QueueMessage } from '../../src/ports/queue.ts'

/** How often things go wrong, each from 0 to 1 a call. */
export interface FaultRates {
  /** The call fails before it did anything. */
  readonly before: number
  /** The call takes effect and its answer is lost. */
  readonly after: number
  /** The worker is killed at the call: nothing that it does later takes effect. */
  readonly kill: number
  /** The worker is paused at the call, until the world lets it go on. */
  readonly pause: number
}

export const noFaults: FaultRates = { before: 0, after: 0, kill: 0, pause: 0 }

/** One worker's line to the world: every call of its store and its messages passes here. */
export interface FaultyLine {
  call<T>(what: string, effect: () => Promise<T>): Promise<T>
}

export interface Faults {
  rates: FaultRates
  line(worker: string): FaultyLine
  /** Lets one paused worker go on; false when there is none. */
  resumeOne(): boolean
}

/** Faults that the seed alone decides. `note` hears of each. */
export function seededFaults(random: SeededRandom, note: (event: string) => void): Faults {
  const paused: (() => void)[] = []
  const faults: Faults = {
    rates: noFaults,
    resumeOne() {
      const resume = paused.splice(random.below(Math.max(1, paused.length)), 1)[0]
      resume?.()
      return resume !== undefined
    },
    line(worker) {
      let killed = false
      return {
        async call(what, effect) {
          // Slow calls: others come in between.
          for (let ticks = random.below(4); ticks > 0; ticks--) await null
          if (random.chance(faults.rates.kill)) {
            killed = true
            note(`${worker} killed at ${what}`)
          }
          if (killed) throw new SpanlakeError('unavailable', 'worker was killed')
          if (random.chance(faults.rates.pause)) {
            note(`${worker} paused at ${what}`)
            await new Promise<void>((resolve) => paused.push(resolve))
            note(`${worker} goes on`)
          }
          if (random.chance(faults.rates.before)) {
            note(`${worker} fails before ${what}`)
            throw new SpanlakeError('unavailable', `${what} failed`)
          }
          const answer = await effect()
          if (random.chance(faults.rates.after)) {
            note(`${worker} loses the answer of ${what}`)
            throw new SpanlakeError('unavailable', `${what} was answered, the answer is lost`)
          }
          return answer
        },
      }
    },
  }
  return faults
}

export function storeOn(line: FaultyLine, store: ObjectStore): ObjectStore {
  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) => line.call(`put ${key}`, () => store.put(key, body, mode)),
    get: (key, range) => line.call(`get ${key}`, () => store.get(key, range)),
    list: (prefix, after) => line.call(`list ${prefix}`, () => store.list(prefix, after)),
    delete: (keys) => line.call(`delete ${keys.join(' ')}`, () => store.delete(keys)),
  }
}

export function queueOn(line: FaultyLine, queue: Queue): Queue {
  return {
    maxMessageBytes: queue.maxMessageBytes,
    send: (body) => line.call('send', () => queue.send(body)),
  }
}

/** The messages as this worker handles them. An acknowledged one may come again all the same: queues may do that. */
export function messagesOn(
  line: FaultyLine,
  messages: readonly QueueMessage[],
  again: (body: Uint8Array) => Promise<void>,
): QueueMessage[] {
  return messages.map((message) => ({
    ...message,
    ack: () =>
      line.call(`ack ${message.id}`, async () => {
        await message.ack()
        await again(message.body)
      }),
    retry: (delayMs) => line.call(`retry ${message.id}`, () => message.retry(delayMs)),
  }))
}
