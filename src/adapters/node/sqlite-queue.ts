import { dirname } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type ErrorKind, messageOf, SpanlakeError } from '../../errors.ts'
import { embeddedMessageBytesMax } from '../../limits.ts'
import type { PullQueue, QueueDepth, QueueMessage, ReceiveOptions } from '../../ports/queue.ts'
import { checkMessageSize } from '../../ports/queue-checks.ts'

export interface SqliteQueueOptions {
  /** The database file. */
  readonly path: string
  /** Bytes of messages held at once; beyond it `send` is refused as `unavailable`. */
  readonly bytesMax: number
  /** Free disk below which `send` is refused, so that flushing still has room to make more. */
  readonly reserveBytes: number
}

export interface SqliteQueueClient extends PullQueue {
  /** Why it takes nothing at this moment, be it ever so small; undefined when it does. */
  refusal(): Promise<string | undefined>
}

export interface SqliteQueue extends SqliteQueueClient {
  /** A line of its own to the queue, for another thread: transfer it, then `sqliteQueueClient` there. */
  connect(): MessagePort
  close(): Promise<void>
}

/** What goes over a line, and what comes back. */
export type QueueCall = ReceiveCall | PromptCall

/** Answered when something is due. */
export interface ReceiveCall {
  readonly id: number
  readonly op: 'receive'
  readonly options: ReceiveOptions
}

/** Answered with the commit that follows. */
export type PromptCall =
  | { readonly id: number; readonly op: 'send'; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly op: 'ack'; readonly message: string; readonly attempt: number }
  | {
      readonly id: number
      readonly op: 'retry'
      readonly message: string
      readonly attempt: number
      readonly delayMs: number
    }
  | { readonly id: number; readonly op: 'depth' }
  | { readonly id: number; readonly op: 'refusal' }

export interface DeliveredMessage {
  readonly id: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly attempt: number
  readonly sentMs: number
}

export type QueueAnswer =
  | { readonly id: number; readonly messages: readonly DeliveredMessage[] }
  | { readonly id: number; readonly depth: QueueDepth }
  | { readonly id: number; readonly refusal: string | undefined }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: { readonly kind: ErrorKind; readonly message: string } }

export type QueueControl = { readonly connect: MessagePort } | 'close'

/** The embedded queue: SQLite in a thread of its own, which syncs once for all that arrive together. */
export async function openSqliteQueue(options: SqliteQueueOptions): Promise<SqliteQueue> {
  const worker = new Worker(new URL('./sqlite-queue-worker.ts', import.meta.url), {
    workerData: { ...options, folder: dirname(options.path) },
  })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', (cause) => {
      const message = `queue ${options.path} cannot be opened: ${messageOf(cause)}`
      reject(new SpanlakeError('unavailable', message, { cause }))
    })
  })
  let closing = false
  // Without its queue the process can promise nothing; what was not acknowledged will be sent again.
  worker.on('error', (error) => {
    throw error
  })
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      if (!closing) throw new SpanlakeError('internal', 'queue thread ended')
      resolve()
    })
  })
  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ connect: port1 } satisfies QueueControl, [port1])
    return port2
  }
  const client = sqliteQueueClient(connect())
  return {
    ...client,
    connect,
    close() {
      closing = true
      worker.postMessage('close' satisfies QueueControl)
      return ended
    },
  }
}

const closedMessage = 'queue is closed'

/** The queue at the other end of a line, usable from any thread. */
export function sqliteQueueClient(port: MessagePort): SqliteQueueClient {
  const waiting = new Map<number, (answer: QueueAnswer) => void>()
  let nextId = 0
  let closed = false
  port.on('message', (answer: QueueAnswer) => {
    const resolve = waiting.get(answer.id)
    waiting.delete(answer.id)
    resolve?.(answer)
  })
  port.on('close', () => {
    closed = true
    const error = { kind: 'unavailable', message: closedMessage } as const
    for (const [id, resolve] of waiting) resolve({ id, error })
    waiting.clear()
  })

  const ask = async (call: QueueCall, transfer: ArrayBuffer[] = []): Promise<QueueAnswer> => {
    // A closed line takes whatever it is given, and says nothing.
    if (closed) throw new SpanlakeError('unavailable', closedMessage)
    const answer = await new Promise<QueueAnswer>((resolve) => {
      waiting.set(call.id, resolve)
      port.postMessage(call, transfer)
    })
    if ('error' in answer) throw new SpanlakeError(answer.error.kind, answer.error.message)
    return answer
  }

  const toMessage = ({ id: message, body, attempt, sentMs }: DeliveredMessage): QueueMessage => ({
    id: message,
    body,
    attempt,
    sentMs,
    async ack() {
      await ask({ id: nextId++, op: 'ack', message, attempt })
    },
    async retry(delayMs) {
      await ask({ id: nextId++, op: 'retry', message, attempt, delayMs })
    },
  })

  return {
    maxMessageBytes: embeddedMessageBytesMax,

    async send(body) {
      checkMessageSize(body, embeddedMessageBytesMax)
      const copy = new Uint8Array(body)
      await ask({ id: nextId++, op: 'send', body: copy }, [copy.buffer])
    },

    async receive(options) {
      const answer = await ask({ id: nextId++, op: 'receive', options })
      return 'messages' in answer ? answer.messages.map(toMessage) : []
    },

    async depth() {
      const answer = await ask({ id: nextId++, op: 'depth' })
      if (!('depth' in answer)) throw new SpanlakeError('internal', 'queue gave no depth')
      return answer.depth
    },

    async refusal() {
      const answer = await ask({ id: nextId++, op: 'refusal' })
      if (!('refusal' in answer)) throw new SpanlakeError('internal', 'queue gave no refusal')
      return answer.refusal
    },
  }
}
