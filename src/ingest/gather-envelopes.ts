import { gatherBytesMax, gatherMs } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { Queue } from '../ports/queue.ts'

/** Where the door leaves sealed envelopes; resolves once they are durable. */
export interface EnvelopeSender {
  /** The largest sealed envelope `send` takes, in bytes. */
  readonly maxEnvelopeBytes: number
  send(sealed: Uint8Array): Promise<void>
}

interface Pending {
  readonly sealed: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets envelopes that arrive together travel in one message: those that come while a message is on its way, or within
 * `gatherMs` of each other. Each caller learns the fate of the message that carried its envelope.
 */
export function gatherEnvelopes(
  queue: Queue,
  { clock }: { readonly clock: Clock },
): EnvelopeSender {
  const bytesMax = Math.min(queue.maxMessageBytes, gatherBytesMax)
  let pending: Pending[] = []
  let running = false

  const run = async (): Promise<void> => {
    await clock.sleep(gatherMs)
    while (pending.length > 0) {
      const { together, rest } = cutTogether(pending, bytesMax)
      pending = rest
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
        pending.push({ sealed, resolve, reject })
        if (running) return
        running = true
        void run()
      })
    },
  }
}

/** One message for each envelope: for queues that are paid by the message size and take no more than one request. */
export function sendEach(queue: Queue): EnvelopeSender {
  return { maxEnvelopeBytes: queue.maxMessageBytes, send: (sealed) => queue.send(sealed) }
}

function cutTogether(
  pending: readonly Pending[],
  bytesMax: number,
): { together: Pending[]; rest: Pending[] } {
  let bytes = 0
  let count = 0
  for (const { sealed } of pending) {
    bytes += sealed.length
    if (count > 0 && bytes > bytesMax) break
    count++
  }
  return { together: pending.slice(0, count), rest: pending.slice(count) }
}

function joined(parts: readonly Pending[]): Uint8Array {
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
