import type { Envelope } from '../../src/envelope/envelope.ts'
import { openMessage } from '../../src/envelope/open-message.ts'
import { loadBody } from '../../src/flush/load-body.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import type { PullQueue } from '../../src/ports/queue.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'

export interface Queued {
  readonly messages: number
  readonly envelopes: readonly Envelope[]
  readonly spans: readonly Span[]
}

/** Takes everything off the queue and decodes it as a flush would. */
export async function takeQueued(queue: PullQueue, runtime: Runtime): Promise<Queued> {
  const options = { messagesMax: 10_000, bytesMax: 1e9, visibilityMs: 60_000, waitMs: 0 }
  const messages = await queue.receive(options)
  const envelopes: Envelope[] = []
  for (const message of messages) {
    const opened = openMessage(message.body)
    if (opened.corrupt[0]) throw opened.corrupt[0].error
    envelopes.push(...opened.envelopes)
    await message.ack()
  }
  const builder = new SpanBatchBuilder()
  for (const [place, envelope] of envelopes.entries()) {
    decodeRequest(await loadBody(envelope, runtime), builder, { envelope: place })
  }
  return { messages: messages.length, envelopes, spans: spansOfBatch(builder.finish()) }
}
