import type { Envelope } from '../envelope/envelope.ts'
import { openMessage } from '../envelope/open-message.ts'
import { kindOf, messageOf } from '../errors.ts'
import type { QueueMessage } from '../ports/queue.ts'
import type { Runtime } from '../runtime.ts'
import { hexOf } from '../span/trace-id.ts'
import { buryBytes, buryEnvelope } from './dead-letters.ts'
import { flushBatch } from './flush-batch.ts'
import { planBatches } from './plan-batches.ts'

export interface FlushReport {
  /** Messages acknowledged, and given back to come again. */
  readonly acked: number
  readonly retried: number
  readonly spans: number
}

/** A message on its way: what failed of it, if anything did. */
interface Task {
  readonly message: QueueMessage
  error: unknown
}

/** An envelope and the deliveries that brought it. */
interface Carried {
  readonly envelope: Envelope
  readonly tasks: Task[]
  /** The most attempts among them. */
  attempt: number
}

const retryMsFirst = 500
const retryMsMax = 60_000

/**
 * Presses a batch of queue messages into fresh files, and acknowledges each message once every span of it is in a fresh
 * file, written or read back by this call, or in `dead/`. Whatever cannot be brought there is given back. Never throws.
 *
 * A first delivery is pressed together with others. From the second on each envelope is pressed by itself, so that one
 * which kills its worker is found; on the last it lies in `dead/` before it is tried.
 */
export async function flushMessages(
  messages: readonly QueueMessage[],
  runtime: Runtime,
): Promise<FlushReport> {
  const startMs = runtime.clock.nowMs()
  const tasks = messages.map((message): Task => ({ message, error: undefined }))
  const carried = await openAll(tasks, runtime)
  const first = carried.filter(({ attempt }) => attempt === 1)
  const again = carried.filter(({ attempt }) => attempt > 1)
  let spans = await flushTogether(first, runtime)
  for (const one of again) spans += await flushAlone(one, runtime)
  const acked = await settle(tasks, runtime)
  runtime.meter.observe(
    'spanlake_flush_seconds',
    Math.max(0, runtime.clock.nowMs() - startMs) / 1_000,
  )
  return { acked, retried: tasks.length - acked, spans }
}

/** The envelopes of all messages, each once; what is no envelope goes to `dead/`. */
async function openAll(tasks: readonly Task[], runtime: Runtime): Promise<Carried[]> {
  const carried = new Map<string, Carried>()
  for (const task of tasks) {
    const { message } = task
    runtime.meter.count('spanlake_flush_bytes_in_total', message.body.length)
    const { envelopes, corrupt } = openMessage(message.body)
    for (const envelope of envelopes) {
      const name = `${envelope.tenant}/${hexOf(envelope.id)}`
      const known = carried.get(name)
      if (known === undefined) {
        carried.set(name, { envelope, tasks: [task], attempt: message.attempt })
      } else {
        known.tasks.push(task)
        known.attempt = Math.max(known.attempt, message.attempt)
      }
    }
    for (const { offset, bytes, error } of corrupt) {
      const part = message.body.subarray(offset, offset + bytes)
      await attempt([task], () =>
        buryBytes(part, error.message, message.attempt, message.sentMs, runtime),
      )
    }
  }
  return [...carried.values()]
}

/** Presses many at once; when one of a batch is broken, each of that batch by itself. Returns the spans written. */
async function flushTogether(carried: readonly Carried[], runtime: Runtime): Promise<number> {
  const byEnvelope = new Map(carried.map((one) => [one.envelope, one]))
  let spans = 0
  for (const batch of planBatches([...byEnvelope.keys()], runtime.limits)) {
    const inBatch = batch.parts.map(({ envelope }) => byEnvelope.get(envelope)!)
    try {
      spans += await flushOne(batch, runtime)
    } catch (error) {
      const isPoison = kindOf(error) === 'corrupt' || kindOf(error) === 'invalid'
      if (isPoison) for (const one of inBatch) spans += await flushAlone(one, runtime)
      else
        fail(
          inBatch.flatMap(({ tasks }) => tasks),
          error,
        )
    }
  }
  return spans
}

async function flushAlone(one: Carried, runtime: Runtime): Promise<number> {
  const { envelope, tasks, attempt: attempts } = one
  const isLast = attempts >= runtime.limits.attemptsMax
  let deadKey: string | undefined
  if (isLast) {
    // First, so that a worker killed by this envelope leaves it where it kills no more.
    const reason = 'last attempt: kept here before it is tried'
    await attempt(tasks, async () => {
      deadKey = await buryEnvelope(envelope, reason, attempts, runtime)
    })
    if (deadKey === undefined) return 0
  }
  try {
    let spans = 0
    for (const batch of planBatches([envelope], runtime.limits))
      spans += await flushOne(batch, runtime)
    if (deadKey !== undefined) {
      const key = deadKey
      await attempt(tasks, () => runtime.store.delete([key]))
    }
    return spans
  } catch (error) {
    const kind = kindOf(error)
    if (isLast || kind === 'corrupt' || kind === 'invalid') {
      await attempt(tasks, () => buryEnvelope(envelope, messageOf(error), attempts, runtime))
      runtime.log.error('envelope is dead', {
        tenant: envelope.tenant,
        id: hexOf(envelope.id),
        error: messageOf(error),
      })
    } else fail(tasks, error)
    return 0
  }
}

async function flushOne(
  batch: Parameters<typeof flushBatch>[0],
  runtime: Runtime,
): Promise<number> {
  const { meter } = runtime
  const { spans, files, bytes, conflicts } = await flushBatch(batch, runtime)
  meter.count('spanlake_flush_spans_total', spans)
  meter.count('spanlake_flush_files_total', files)
  meter.count('spanlake_flush_bytes_out_total', bytes)
  meter.count('spanlake_flush_conflicts_total', conflicts)
  return spans
}

/** Does what the tasks need; when that fails, they are given back. */
async function attempt(tasks: readonly Task[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    fail(tasks, error)
  }
}

function fail(tasks: readonly Task[], error: unknown): void {
  for (const task of tasks) task.error ??= error
}

/** Acknowledges what is safe and gives back the rest; returns how many were acknowledged. */
async function settle(tasks: readonly Task[], { log, meter }: Runtime): Promise<number> {
  let acked = 0
  for (const { message, error } of tasks) {
    try {
      if (error === undefined) {
        await message.ack()
        acked++
        continue
      }
      meter.count('spanlake_flush_failures_total', 1, { kind: kindOf(error) })
      log.warn('flush failed, message comes again', {
        attempt: message.attempt,
        error: messageOf(error),
      })
      await message.retry(Math.min(retryMsMax, retryMsFirst * 2 ** (message.attempt - 1)))
    } catch (failure) {
      // Not told, the queue delivers it again by itself: the same spans are found committed then.
      log.warn('message was not settled', { error: messageOf(failure) })
    }
  }
  return acked
}
