import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import { appRequestsMax } from '../../limits.ts'

/** Anything that answers web requests: a hono app, or the far end of a thread that holds one. */
export interface App {
  fetch(request: Request): Response | Promise<Response>
}

interface Call {
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: [string, string][]
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

interface Answer {
  readonly id: number
  readonly status: number
  readonly headers: [string, string][]
  readonly body: Uint8Array<ArrayBuffer>
}

/**
 * An app whose work is done by the thread at the other end of `port`, so that the thread which acknowledges spans never
 * decodes Parquet. More than `appRequestsMax` requests at once are answered 503, as are those whose thread has ended.
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
      return new Promise((resolve) => {
        waiting.set(call.id, resolve)
        port.postMessage(call, call.body ? [call.body.buffer] : [])
      })
    },
  }
}

/** Answers the requests that a `remoteApp` at the other end of `port` hands over. */
export function serveApp(port: MessagePort, app: App): void {
  port.on('message', (call: Call) => {
    void answerCall(call, app).then((answer) => {
      port.postMessage(answer, [answer.body.buffer])
    })
  })
}

async function answerCall(call: Call, app: App): Promise<Answer> {
  try {
    const init = { method: call.method, headers: call.headers }
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
  return { id, method: request.method, url: request.url, headers: [...request.headers], body }
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
