import { gatherBytesMax, gatherMs } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Queue } from '../ports/queue.ts'

/** Where the door leaves sealed envelopes; resolves once they are durable. */
export interface EnvelopeSender {
  /** The largest sealed envelope `send` takes, in bytes. */
  readonly maxEnvelopeBytes: number
  send(sealed: Uint8Array): Promise<void>
}

interface Waiting {
  readonly sealed: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets envelopes that arrive together travel in one message of at most `gatherBytesMax`: those that come while a message
 * is on its way, or within `gatherMs` of each other. Each caller learns the fate of the message that carried its
 * envelope. How much may wait is the door's to bound: it counts what it has in flight.
 */
export function gatherEnvelopes(
  queue: Queue,
  { clock }: { readonly clock: Clock },
): EnvelopeSender {
  const messageBytesMax = Math.min(queue.maxMessageBytes, gatherBytesMax)
  let waiting: Waiting[] = []
  let running = false

  const run = async (): Promise<void> => {
    await clock.sleep(gatherMs)
    while (waiting.length > 0) {
      const together = waiting.slice(0, countTogether(waiting, messageBytesMax))
      waiting = waiting.slice(together.length)
      try {
        await queue.send(joined(together))
        for (const { resolve } of together) resolve()
      } catch (error) {
        for (const { reject } of together) reject(error)
      }
    }
    running = false
  }

  return {
    maxEnvelopeBytes: queue.maxMessageBytes,
    send(sealed) {
      return new Promise((resolve, reject) => {
        waiting.push({ sealed, resolve, reject })
        if (running) return
        running = true
        void run()
      })
    },
  }
}

/** One envelope, one message: for queues that are paid by the message and of which many doors send side by side. */
export function sendEach(queue: Queue): EnvelopeSender {
  return { maxEnvelopeBytes: queue.maxMessageBytes, send: (sealed) => queue.send(sealed) }
}

/** How many of those waiting longest fit into one message; the first always travels. */
function countTogether(waiting: readonly Waiting[], bytesMax: number): number {
  let bytes = 0
  for (const [count, { sealed }] of waiting.entries()) {
    bytes += sealed.length
    if (count > 0 && bytes > bytesMax) return count
  }
  return waiting.length
}

function joined(parts: readonly Waiting[]): Uint8Array {
  const [first] = parts
  if (parts.length === 1 && first) return first.sealed
  const bytes = parts.reduce((sum, { sealed }) => sum + sealed.length, 0)
  const message = new Uint8Array(bytes)
  let at = 0
  for (const { sealed } of parts) {
    message.set(sealed, at)
    at += sealed.length
  }
  return message
}
