import { SpanlakeError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PullQueue, QueueMessage } from '../../ports/queue.ts'
import { checkMessageSize } from '../../ports/queue-checks.ts'

interface Held {
  readonly id: string
  readonly body: Uint8Array
  readonly sentMs: number
  visibleMs: number
  attempt: number
}

export interface MemoryQueueOptions {
  readonly clock: Clock
  readonly maxMessageBytes?: number
  /** Bytes held at once; beyond it `send` is refused. */
  readonly bytesMax?: number
}

/** A queue in this process, for tests and simulations. It never waits: with nothing due, `receive` returns at once. */
export function memoryQueue(options: MemoryQueueOptions): PullQueue {
  const { clock, maxMessageBytes = 128_000, bytesMax = 1024 ** 3 } = options
  const held = new Map<string, Held>()
  let sent = 0
  let bytes = 0

  const deliver = (message: Held): QueueMessage => {
    const attempt = ++message.attempt
    const { id, sentMs } = message
    return {
      id,
      body: message.body.slice(),
      attempt,
      sentMs,
      async ack() {
        if (held.delete(id)) bytes -= message.body.length
      },
      async retry(delayMs) {
        // A later delivery is somebody else's.
        if (message.attempt === attempt) message.visibleMs = clock.nowMs() + delayMs
      },
    }
  }

  return {
    maxMessageBytes,

    async send(body) {
      checkMessageSize(body, maxMessageBytes)
      if (bytes + body.length > bytesMax) throw new SpanlakeError('unavailable', 'queue is full')
      const id = String(++sent)
      const sentMs = clock.nowMs()
      held.set(id, { id, body: body.slice(), sentMs, visibleMs: sentMs, attempt: 0 })
      bytes += body.length
    },

    async receive({ messagesMax, bytesMax: batchBytesMax, visibilityMs }) {
      const nowMs = clock.nowMs()
      const batch: QueueMessage[] = []
      let batchBytes = 0
      for (const message of held.values()) {
        if (batch.length >= messagesMax) break
        if (message.visibleMs > nowMs) continue
        if (batch.length > 0 && batchBytes + message.body.length > batchBytesMax) break
        batchBytes += message.body.length
        message.visibleMs = nowMs + visibilityMs
        batch.push(deliver(message))
      }
      return batch
    },

    async depth() {
      const [oldest] = held.values()
      return { messages: held.size, bytes, oldestSentMs: oldest?.sentMs }
    },
  }
}
