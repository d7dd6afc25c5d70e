import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { appRequestsMax } from '../../limits.ts'

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

interface Answer {
  readonly id: number
  readonly status: number
  readonly headers: [string, string][]
  readonly body: Uint8Array<ArrayBuffer>
}

/**
 * An app whose work is done by the thread at the other end of `port`, so that the thread which acknowledges spans never
 * decodes Parquet. More than `appRequestsMax` requests at once are answered 503, as are those whose thread has ended. A
 * request that is aborted is aborted there, too.
 */
export function remoteApp(port: MessagePort): App {
  const waiting = new Map<number, (response: Response) => void>()
  let nextId = 0
  let ended = false
  port.on('message', (answer: Answer) => {
    const resolve = waiting.get(answer.id)
    waiting.delete(answer.id)
    resolve?.(toResponse(answer))
  })
  port.on('close', () => {
    ended = true
    for (const resolve of waiting.values()) resolve(overloaded('query thread has ended'))
    waiting.clear()
  })
  return {
    async fetch(request) {
      if (ended) return overloaded('query thread has ended')
      if (waiting.size >= appRequestsMax) {
        return overloaded(`queries at once must be at most ${appRequestsMax}`)
      }
      const call = await toCall(nextId++, request)
      const { signal } = request
      const cancel = () => port.postMessage({ kind: 'cancel', id: call.id } satisfies Cancel)
      return new Promise((resolve) => {
        waiting.set(call.id, (response) => {
          signal.removeEventListener('abort', cancel)
          resolve(response)
        })
        port.postMessage(call, call.body ? [call.body.buffer] : [])
        if (signal.aborted) cancel()
        else signal.addEventListener('abort', cancel)
      })
    },
  }
}

/** Answers the requests that a `remoteApp` at the other end of `port` hands over. */
export function serveApp(port: MessagePort, app: App): void {
  const running = new Map<number, AbortController>()
  port.on('message', (message: Call | Cancel) => {
    if (message.kind === 'cancel') {
      running.get(message.id)?.abort()
      return
    }
    const controller = new AbortController()
    running.set(message.id, controller)
    void answerCall(message, controller.signal, app).then((answer) => {
      running.delete(message.id)
      port.postMessage(answer, [answer.body.buffer])
    })
  })
}

async function answerCall(call: Call, signal: AbortSignal, app: App): Promise<Answer> {
  try {
    const init = { method: call.method, headers: call.headers, signal }
    const request = new Request(call.url, call.body ? { ...init, body: call.body } : init)
    const response = await app.fetch(request)
    const body = new Uint8Array(await response.arrayBuffer())
    return { id: call.id, status: response.status, headers: [...response.headers], body }
  } catch (error) {
    const body = new TextEncoder().encode(`query failed: ${messageOf(error)}\n`)
    return { id: call.id, status: 500, headers: [['content-type', 'text/plain']], body }
  }
}

async function toCall(id: number, request: Request): Promise<Call> {
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  const { method, url, headers } = request
  return { kind: 'call', id, method, url, headers: [...headers], body }
}

function toResponse({ status, headers, body }: Answer): Response {
  const bodiless = status === 204 || status === 304
  return new Response(bodiless ? null : body, { status, headers })
}

function overloaded(why: string): Response {
  return new Response(`${why}\n`, {
    status: 503,
    headers: { 'content-type': 'text/plain', 'retry-after': '1' },
  })
}
