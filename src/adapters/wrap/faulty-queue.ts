import { SpanlakeError } from '../../errors.ts'
import type { PullQueue, QueueMessage, ReceiveOptions } from '../../ports/queue.ts'
import { type Random, uniform } from '../../ports/random.ts'

/** Each chance lies in [0, 1] and is 0 unless named. */
export interface QueueFaults {
  /** Decides every fault: the same bytes and calls meet the same faults. */
  readonly random: Random
  /** A call fails and has no effect. */
  readonly failBefore?: number
  /** A call takes effect, and its answer is lost; what a `receive` took then comes again later. */
  readonly failAfter?: number
  /** A delivery brings along a message that was delivered before, be it acknowledged or not. */
  readonly duplicate?: number
  /** An acknowledgement seems to succeed, and the message comes again. */
  readonly loseAck?: number
}

// Enough to redeliver across many flushes; beyond it, one by chance is forgotten for each that comes.
const rememberedMax = 256

/** A queue that delivers twice, forgets acknowledgements and fails, by chance; with no chances it is the queue itself. */
export function faultyQueue(queue: PullQueue, faults: QueueFaults): PullQueue {
  const { random, failBefore = 0, failAfter = 0, duplicate = 0, loseAck = 0 } = faults
  const delivered: QueueMessage[] = []

  const happens = (chance: number): boolean => uniform(random) < chance
  const below = (count: number): number => Math.floor(uniform(random) * count)
  const disturbed = async <T>(operation: () => Promise<T>): Promise<T> => {
    if (happens(failBefore)) throw lost('before it took effect')
    const result = await operation()
    if (happens(failAfter)) throw lost('after it took effect')
    return result
  }

  const remember = (message: QueueMessage): void => {
    const at = delivered.length < rememberedMax ? delivered.length : below(rememberedMax)
    delivered[at] = message
  }
  const deliver = (message: QueueMessage): QueueMessage => ({
    ...message,
    ack: () => disturbed(async () => void (happens(loseAck) || (await message.ack()))),
    retry: (delayMs) => disturbed(() => message.retry(delayMs)),
  })
  /** Earlier deliveries once more, as far as there is room: what is done with them has no effect. */
  const again = (taken: readonly QueueMessage[], options: ReceiveOptions): QueueMessage[] => {
    const message = delivered[below(delivered.length)]
    const bytes = taken.reduce((sum, { body }) => sum + body.length, 0)
    if (message === undefined || taken.length >= options.messagesMax) return []
    if (taken.length > 0 && bytes + message.body.length > options.bytesMax) return []
    const { id, sentMs, attempt } = message
    const noEffect = (): Promise<void> => disturbed(async () => {})
    const body = message.body.slice()
    return [{ id, sentMs, body, attempt: attempt + 1, ack: noEffect, retry: noEffect }]
  }

  return {
    maxMessageBytes: queue.maxMessageBytes,
    send: (body) => disturbed(() => queue.send(body)),
    receive: (options) =>
      disturbed(async () => {
        const taken = await queue.receive(options)
        const extra = happens(duplicate) ? again(taken, options) : []
        // The copy is the decorator's own: the flow owns what it was given.
        if (duplicate > 0) for (const one of taken) remember({ ...one, body: one.body.slice() })
        return [...taken.map(deliver), ...extra]
      }),
    depth: () => disturbed(() => queue.depth()),
  }
}

function lost(when: string): SpanlakeError {
  return new SpanlakeError('unavailable', `queue failed by chance, ${when}`)
}
