import { messageOf } from '../errors.ts'
import { flushMessageBytesMax, flushMessagesMax, flushVisibilityMs } from '../limits.ts'
import type { PullQueue, QueueMessage } from '../ports/queue.ts'
import type { Runtime } from '../runtime.ts'
import { flushMessages } from './flush-messages.ts'

export interface RunFlushOptions {
  /** How long messages are gathered before they are pressed: readers see spans this much later at most. */
  readonly intervalMs: number
  /** Ends the run once what it holds is flushed. */
  readonly signal: AbortSignal
}

const idleWaitMs = 1_000

/** Pulls and flushes until told to stop. Trouble is logged and tried again: the queue keeps what was not flushed. */
export async function runFlush(
  queue: PullQueue,
  runtime: Runtime,
  options: RunFlushOptions,
): Promise<void> {
  const { signal } = options
  while (!signal.aborted) {
    try {
      const messages = await gather(queue, runtime, options)
      if (messages.length > 0) await flushMessages(messages, runtime)
    } catch (error) {
      runtime.log.error('flush failed', { error: messageOf(error) })
      await runtime.clock.sleep(idleWaitMs)
    }
  }
}

/** What arrives within the interval of the first message, up to what one flush may hold. */
async function gather(
  queue: PullQueue,
  { clock }: Runtime,
  { intervalMs, signal }: RunFlushOptions,
): Promise<QueueMessage[]> {
  const messages: QueueMessage[] = []
  let bytes = 0
  let untilMs = Number.POSITIVE_INFINITY
  while (!signal.aborted && messages.length < flushMessagesMax && bytes < flushMessageBytesMax) {
    const leftMs = Math.min(idleWaitMs, untilMs - clock.nowMs())
    if (leftMs <= 0) break
    const more = await queue.receive({
      messagesMax: flushMessagesMax - messages.length,
      bytesMax: flushMessageBytesMax - bytes,
      visibilityMs: flushVisibilityMs,
      waitMs: Math.min(leftMs, intervalMs),
    })
    if (more.length > 0 && messages.length === 0) untilMs = clock.nowMs() + intervalMs
    messages.push(...more)
    for (const { body } of more) bytes += body.length
    // A stream of small messages would otherwise be fetched one by one.
    if (more.length > 0) await clock.sleep(Math.min(pauseMs, intervalMs / 10))
  }
  return messages
}

const pauseMs = 50
