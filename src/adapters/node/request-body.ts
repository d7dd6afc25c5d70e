import type { IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'

/**
 * A request's body, chunk by chunk, to be read once. Leaving early keeps the socket: an answer has still to go out on it
 * (node's own iterator closes it, or cannot be left while it waits). `onStart` is called when the first chunk is asked
 * for.
 */
export function bodyOf(
  request: IncomingMessage | Http2ServerRequest,
  onStart: () => void,
): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => chunksOf(request, onStart) }
}

interface Asking {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void
  readonly reject: (error: unknown) => void
}

const end = { done: true, value: undefined } as const

function chunksOf(
  request: IncomingMessage | Http2ServerRequest,
  onStart: () => void,
): AsyncIterator<Uint8Array> {
  const chunks: Uint8Array[] = []
  let asking: Asking | undefined
  let started = false
  let ended = false
  let failure: Error | undefined

  const onData = (chunk: Uint8Array): void => {
    if (asking) {
      asking.resolve({ done: false, value: chunk })
      asking = undefined
      return
    }
    chunks.push(chunk)
    request.pause()
  }
  const stop = (error?: Error): void => {
    if (ended) return
    ended = true
    failure = error
    request.off('data', onData)
    if (error === undefined) asking?.resolve(end)
    else asking?.reject(error)
    asking = undefined
  }
  const start = (): void => {
    started = true
    onStart()
    request.on('data', onData)
    // A stream of HTTP/2 that is reset ends, too: half a body must not pass for a whole one.
    request.once('end', () => stop(isBroken(request) ? brokenOff() : undefined))
    // A sender that goes away closes; node tells the error besides only to who listens for it.
    request.once('close', () => stop(brokenOff()))
  }

  return {
    async next() {
      if (!started) start()
      const value = chunks.shift()
      if (value !== undefined) return { done: false, value }
      if (failure !== undefined) throw failure
      if (ended) return end
      return new Promise((resolve, reject) => {
        asking = { resolve, reject }
        request.resume()
      })
    },
    async return() {
      chunks.length = 0
      stop()
      return end
    },
  }
}

function isBroken(request: IncomingMessage | Http2ServerRequest): boolean {
  return request instanceof Http2ServerRequest && request.aborted
}

function brokenOff(): Error {
  return new Error('connection closed before the end of the body')
}
