import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { appPartBytes, appRequestsMax } from '../../limits.ts'

/** Anything that answers web requests: a hono app, or the far end of a thread that holds one. */
export interface App {
  fetch(request: Request): Response | Promise<Response>
}

interface Call {
  readonly kind: 'call'
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: [string, string][]
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

/** Nobody waits for the answer any more. */
interface Cancel {
  readonly kind: 'cancel'
  readonly id: number
}

/** There is room for the next part of an answer. */
interface More {
  readonly kind: 'more'
  readonly id: number
}

interface Answer {
  readonly kind: 'answer'
  readonly id: number
  readonly status: number
  readonly headers: [string, string][]
  /** All of it, or its first part where there are others. */
  readonly body: Uint8Array<ArrayBuffer>
  readonly isWhole: boolean
}

/** The next part of an answer. */
interface Part {
  readonly kind: 'part'
  readonly id: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isLast: boolean
  /** Why there are no more, where there should be. */
  readonly error?: string
}

/**
 * An app whose work is done by the thread at the other end of `port`, so that the thread which acknowledges spans never
 * decodes Parquet. More than `appRequestsMax` requests at once are answered 503, as are those whose thread has ended. A
 * request that is aborted is aborted there, too. Large answers come part by part, as they are read.
 */
export function remoteApp(port: MessagePort): App {
  const waiting = new Map<number, (answer: Answer | undefined) => void>()
  const reading = new Map<number, (part: Part) => void>()
  let nextId = 0
  let ended = false
  port.on('message', (message: Answer | Part) => {
    const { id } = message
    if (message.kind === 'part') {
      const take = reading.get(id)
      reading.delete(id)
      take?.(message)
      return
    }
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve?.(message)
  })
  port.on('close', () => {
    ended = true
    for (const resolve of waiting.values()) resolve(undefined)
    for (const [id, take] of reading) take(broken(id, 'query thread has ended'))
    waiting.clear()
    reading.clear()
  })

  function nextPart(id: number): Promise<Part> {
    if (ended) return Promise.resolve(broken(id, 'query thread has ended'))
    return new Promise((resolve) => {
      reading.set(id, resolve)
      port.postMessage({ kind: 'more', id } satisfies More)
    })
  }

  return {
    async fetch(request) {
      if (ended) return overloaded('query thread has ended')
      if (waiting.size >= appRequestsMax) {
        return overloaded(`queries at once must be at most ${appRequestsMax}`)
      }
      const call = await toCall(nextId++, request)
      const { signal } = request
      const cancel = () => port.postMessage({ kind: 'cancel', id: call.id } satisfies Cancel)
      const answer = await new Promise<Answer | undefined>((resolve) => {
        waiting.set(call.id, resolve)
        port.postMessage(call, call.body ? [call.body.buffer] : [])
        if (signal.aborted) cancel()
        else signal.addEventListener('abort', cancel)
      })
      signal.removeEventListener('abort', cancel)
      if (answer === undefined) return overloaded('query thread has ended')
      return toResponse(answer, () => nextPart(call.id), cancel)
    },
  }
}

/** Answers the requests that a `remoteApp` at the other end of `port` hands over. */
export function serveApp(port: MessagePort, app: App): void {
  const running = new Map<number, AbortController>()
  const parts = new Map<number, AppBody>()
  port.on('message', (message: Call | Cancel | More) => {
    if (message.kind === 'cancel') {
      running.get(message.id)?.abort()
      void parts.get(message.id)?.cancel()
      parts.delete(message.id)
    } else if (message.kind === 'more') {
      void answerMore(message.id)
    } else {
      void answer(message)
    }
  })

  async function answer(call: Call): Promise<void> {
    const controller = new AbortController()
    running.set(call.id, controller)
    const { head, body } = await answerCall(call, controller.signal, app)
    running.delete(call.id)
    if (body !== undefined) parts.set(call.id, body)
    // Nobody asks for the rest of what was given up meanwhile.
    if (body !== undefined && controller.signal.aborted) {
      parts.delete(call.id)
      void body.cancel()
    }
    port.postMessage(head, [head.body.buffer])
  }

  async function answerMore(id: number): Promise<void> {
    const body = parts.get(id)
    const part = body === undefined ? broken(id, 'answer was given up') : await partOf(id, body)
    if (part.isLast) parts.delete(id)
    port.postMessage(part, [part.bytes.buffer])
  }
}

/** What is left of an answer's body. */
interface AppBody {
  /** About `appPartBytes`; fewer only at the end. */
  next(): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly isLast: boolean }>
  cancel(): Promise<void>
}

function appBody(stream: ReadableStream<Uint8Array>): AppBody {
  const reader = stream.getReader()
  return {
    async next() {
      const chunks: Uint8Array[] = []
      let bytes = 0
      while (bytes < appPartBytes) {
        const { done, value } = await reader.read()
        if (done) return { bytes: joined(chunks, bytes), isLast: true }
        chunks.push(value)
        bytes += value.length
      }
      return { bytes: joined(chunks, bytes), isLast: false }
    },
    cancel: () => reader.cancel().catch(() => {}),
  }
}

/** Bytes that may be handed over: nobody else holds their buffer. */
function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

async function answerCall(
  call: Call,
  signal: AbortSignal,
  app: App,
): Promise<{ readonly head: Answer; readonly body?: AppBody }> {
  const { id } = call
  try {
    const init = { method: call.method, headers: call.headers, signal }
    const request = new Request(call.url, call.body ? { ...init, body: call.body } : init)
    const response = await app.fetch(request)
    const { status } = response
    const headers: [string, string][] = [...response.headers]
    const answer = { kind: 'answer', id, status, headers } as const
    const body = response.body ? appBody(response.body) : undefined
    const { bytes, isLast } = (await body?.next()) ?? { bytes: new Uint8Array(0), isLast: true }
    const head = { ...answer, body: bytes, isWhole: isLast }
    return isLast || body === undefined ? { head } : { head, body }
  } catch (error) {
    const body = new TextEncoder().encode(`query failed: ${messageOf(error)}\n`)
    const headers: [string, string][] = [['content-type', 'text/plain']]
    return { head: { kind: 'answer', id, status: 500, headers, body, isWhole: true } }
  }
}

async function partOf(id: number, body: AppBody): Promise<Part> {
  try {
    return { kind: 'part', id, ...(await body.next()) }
  } catch (error) {
    return broken(id, messageOf(error))
  }
}

function broken(id: number, error: string): Part {
  return { kind: 'part', id, bytes: new Uint8Array(0), isLast: true, error }
}

async function toCall(id: number, request: Request): Promise<Call> {
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  const { method, url, headers } = request
  return { kind: 'call', id, method, url, headers: [...headers], body }
}

function toResponse(
  { status, headers, body, isWhole }: Answer,
  nextPart: () => Promise<Part>,
  cancel: () => void,
): Response {
  const bodiless = status === 204 || status === 304
  if (bodiless || isWhole) return new Response(bodiless ? null : body, { status, headers })
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(body),
    async pull(controller) {
      const { bytes, isLast, error } = await nextPart()
      if (error !== undefined) return controller.error(new Error(error))
      if (bytes.length > 0) controller.enqueue(bytes)
      if (isLast) controller.close()
    },
    cancel,
  })
  return new Response(stream, { status, headers })
}

function overloaded(why: string): Response {
  return new Response(`${why}\n`, {
    status: 503,
    headers: { 'content-type': 'text/plain', 'retry-after': '1' },
  })
}
