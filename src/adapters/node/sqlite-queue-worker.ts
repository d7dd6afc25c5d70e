import { statfsSync } from 'node:fs'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { endProcess } from './end-process.ts'
import { type MessageTable, openMessageTable } from './sqlite-messages.ts'
import type {
  PromptCall,
  QueueAnswer,
  QueueCall,
  QueueControl,
  ReceiveCall,
  SqliteQueueOptions,
} from './sqlite-queue.ts'

const options = workerData as SqliteQueueOptions & { readonly folder: string }
const diskCheckMs = 250

interface Waiting {
  readonly port: MessagePort
  readonly call: ReceiveCall
  readonly untilMs: number
}

// Milliseconds since 1970 that never step back while the process lives: visibility rests on them.
const openedMs = Date.now() - performance.now()
const nowMs = (): number => openedMs + performance.now()

const table: MessageTable = openMessageTable(options.path, nowMs())
const ports = new Set<MessagePort>()
let receivers: Waiting[] = []
let timer: NodeJS.Timeout | undefined
let diskCheckedMs = Number.NEGATIVE_INFINITY
let diskIsLow = false

/**
 * Takes all that has arrived on all lines, writes it in one transaction, and answers only after its commit: so requests
 * that arrive together share one sync, and no answer is given before it.
 */
function work(firstPort?: MessagePort, firstCall?: QueueCall): void {
  const calls: { port: MessagePort; call: QueueCall }[] = []
  if (firstPort && firstCall) calls.push({ port: firstPort, call: firstCall })
  for (const port of ports) {
    for (;;) {
      const next = receiveMessageOnPort(port)
      if (next === undefined) break
      calls.push({ port, call: next.message as QueueCall })
    }
  }
  const answers: { port: MessagePort; answer: QueueAnswer }[] = []
  inTransaction(calls, answers)
  for (const { port, answer } of answers) port.postMessage(answer, buffersOf(answer))
  wakeLater()
}

function inTransaction(
  calls: readonly { port: MessagePort; call: QueueCall }[],
  answers: { port: MessagePort; answer: QueueAnswer }[],
): void {
  const waiting = receivers
  try {
    table.begin()
    for (const { port, call } of calls) {
      if (call.op === 'receive') {
        const untilMs = nowMs() + call.options.waitMs
        receivers = [...receivers, { port, call, untilMs }]
      } else answers.push({ port, answer: perform(call) })
    }
    deliver(answers)
    table.commit()
  } catch (error) {
    if (!isFull(error)) endProcess(`queue failed: ${String(error)}`)
    table.rollback()
    answers.length = 0
    const refusal = { kind: 'unavailable', message: 'queue disk is full' } as const
    for (const { port, call } of calls) {
      answers.push({ port, answer: { id: call.id, error: refusal } })
    }
    // Those who waited before were given what is taken back now, and wait on.
    receivers = waiting
  }
}

function perform(call: PromptCall): QueueAnswer {
  const { id } = call
  switch (call.op) {
    case 'send': {
      const refusal = refusalOf(call.body.length)
      if (refusal !== undefined) return { id, error: { kind: 'unavailable', message: refusal } }
      table.add(call.body, nowMs())
      return { id, done: true }
    }
    case 'ack':
      table.remove(call.message)
      return { id, done: true }
    case 'retry':
      table.release(call.message, call.attempt, nowMs() + call.delayMs)
      return { id, done: true }
    case 'depth':
      return { id, depth: table.depth() }
    case 'refusal':
      return { id, refusal: refusalOf(1) }
  }
}

function refusalOf(bytes: number): string | undefined {
  if (table.bytes() + bytes > options.bytesMax) {
    return `queue must hold at most ${options.bytesMax} bytes`
  }
  if (nowMs() - diskCheckedMs > diskCheckMs) {
    const { bavail, bsize } = statfsSync(options.folder)
    diskIsLow = bavail * bsize < options.reserveBytes
    diskCheckedMs = nowMs()
  }
  return diskIsLow ? `free disk must be at least ${options.reserveBytes} bytes` : undefined
}

/** Gives waiting receivers what is due; those whose time is over get nothing. */
function deliver(answers: { port: MessagePort; answer: QueueAnswer }[]): void {
  receivers = receivers.filter(({ port, call, untilMs }) => {
    const messages = table.take(call.options, nowMs())
    if (messages.length === 0 && nowMs() < untilMs) return true
    answers.push({ port, answer: { id: call.id, messages } })
    return false
  })
}

/** Looks again when the next message becomes visible or the first receiver has waited long enough. */
function wakeLater(): void {
  clearTimeout(timer)
  if (receivers.length === 0) return
  const untilMs = Math.min(...receivers.map((receiver) => receiver.untilMs), table.nextVisibleMs())
  timer = setTimeout(() => work(), Math.max(1, Math.ceil(untilMs - nowMs())))
}

function buffersOf(answer: QueueAnswer): ArrayBuffer[] {
  return 'messages' in answer ? answer.messages.map(({ body }) => body.buffer) : []
}

/** SQLITE_FULL, https://www.sqlite.org/rescode.html#full: nothing was written, and room may come back. */
function isFull(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 13
}

parentPort?.on('message', (control: QueueControl) => {
  if (control === 'close') {
    work()
    table.close()
    process.exit(0)
  }
  const port = control.connect
  ports.add(port)
  port.on('message', (call: QueueCall) => work(port, call))
  port.on('close', () => {
    ports.delete(port)
    receivers = receivers.filter((receiver) => receiver.port !== port)
  })
})
parentPort?.postMessage('open')
