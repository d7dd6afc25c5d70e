import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { ListenAddress } from '../../config.ts'
import { SpanlakeError } from '../../errors.ts'
import { mediaTypeOf } from '../../ingest/body-format.ts'
import type { DoorAnswer, DoorRequest } from '../../ingest/export-traces.ts'
import { codeNotFound } from '../../ingest/refusal.ts'
import {
  appBodyBytesMax,
  connectionsMax,
  headerBytesMax,
  headerMsMax,
  type Limits,
  lingerMsMax,
  stopGraceMs,
} from '../../limits.ts'
import { mediaTypes, statusResponse } from '../../otlp/response.ts'
import type { App } from './app-thread.ts'
import { codeOf, reasonOf } from './file-errors.ts'
import { refuseBroken } from './refuse-broken.ts'
import { bodyOf } from './request-body.ts'

export interface HttpServerOptions {
  readonly listen: ListenAddress
  readonly limits: Limits
  /** Answers all methods on `/v1/traces`; never rejects. Without it, no spans are taken here. */
  readonly exportTraces?: (request: DoorRequest) => Promise<DoorAnswer>
  /** Answers everything else. */
  readonly app: App
  /** Sockets held at once; one more is closed as soon as it opens. */
  readonly connectionsMax?: number
}

export interface HttpServer {
  readonly url: string
  /** Takes no more requests, finishes those under way, then closes all connections. */
  close(): Promise<void>
}

/**
 * HTTP/1.1 on a socket. The door goes straight from node's request to the flow: web Requests and streams would cost more
 * than the work.
 *
 * Slow senders are cut off: headers by node after `headerMsMax`, the door's bodies by its flow with a proper 408 after
 * `requestMsMax`, and what is slow in any other way by node a little later.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, limits, exportTraces, app } = options
  const answerApp = getRequestListener((request) => app.fetch(request), {
    overrideGlobalObjects: false,
  })
  const requestTimeout = limits.requestMsMax + lingerMsMax
  const server = createServer({
    requestTimeout,
    headersTimeout: Math.min(headerMsMax, requestTimeout),
    connectionsCheckingInterval: 500,
    maxHeaderSize: headerBytesMax,
    keepAliveTimeout: 75_000,
  })
  server.maxConnections = options.connectionsMax ?? connectionsMax
  const answer = (request: IncomingMessage, response: ServerResponse, waits: boolean): void => {
    const path = (request.url ?? '').split('?', 1)[0] as string
    const start = (): void => {
      if (waits) response.writeContinue()
    }
    if (exportTraces && path === '/v1/traces') {
      void sendLater(request, response, exportTraces(doorRequestOf(request, start)))
    } else if (exportTraces && (path === '/v1/metrics' || path === '/v1/logs')) {
      void sendLater(request, response, Promise.resolve(refusedSignal(request, path)))
    } else if (!isBodyBounded(request)) {
      void sendLater(request, response, Promise.resolve(refusedBody))
    } else {
      start()
      void answerApp(request, response)
    }
  }
  server.on('request', (request, response) => answer(request, response, false))
  // The sender of `Expect: 100-continue` has not begun with its body: a refusal saves it the work.
  server.on('checkContinue', (request, response) => answer(request, response, true))
  refuseBroken(server)
  const url = await startListening(server, listen)
  return { url, close: () => stop(server, requestTimeout + limits.queueSendMsMax + stopGraceMs) }
}

async function startListening(server: Server, { host, port }: ListenAddress): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const reason = codeOf(cause) === 'EADDRINUSE' ? 'address in use' : reasonOf(cause)
      const message = `cannot listen on ${bracketed(host)}:${port}: ${reason}`
      reject(new SpanlakeError('invalid', message, { cause }))
    })
    server.listen(port, host, () => resolve())
  })
  const { address, port: bound } = server.address() as AddressInfo
  return `http://${bracketed(address)}:${bound}`
}

/** A host as URLs have it: IPv6 in brackets. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/**
 * Node closes only the connections that are idle at that moment, and no longer cuts off the slow: those that become idle
 * later are closed here, and all that is left after `msMax`.
 */
function stop(server: Server, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    const end = setTimeout(() => server.closeAllConnections(), msMax)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(end)
      resolve()
    })
  })
}

function doorRequestOf(request: IncomingMessage, onStart: () => void): DoorRequest {
  return {
    method: request.method ?? '',
    header: (name) => headerOf(request, name),
    body: bodyOf(request, onStart),
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Other signals have their own paths; nothing here takes them. */
function refusedSignal(request: IncomingMessage, path: string): DoorAnswer {
  const type = mediaTypeOf(headerOf(request, 'content-type')) ?? 'protobuf'
  const body = statusResponse(codeNotFound, `only traces are taken here, got ${path}`, type)
  return { status: 404, headers: { 'content-type': mediaTypes[type] }, body }
}

/** Whether what comes with a request to the app has a known and small size. */
function isBodyBounded({ headers }: IncomingMessage): boolean {
  const isChunked = headers['transfer-encoding'] !== undefined
  return !isChunked && Number(headers['content-length'] ?? 0) <= appBodyBytesMax
}

const refusedBody: DoorAnswer = {
  status: 413,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: new TextEncoder().encode(
    `request body must be at most ${appBodyBytesMax} bytes, and its content-length say so\n`,
  ),
}

/** Even an answer that is there already is sent later: once node has read on, it knows whether the request is complete. */
async function sendLater(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Promise<DoorAnswer>,
): Promise<void> {
  send(request, response, await answer)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: DoorAnswer,
): void {
  if (response.destroyed) return
  const isBodiless = status === 204 || request.method === 'HEAD'
  const length = status === 204 ? {} : { 'content-length': body.length }
  if (request.complete) {
    response.writeHead(status, { ...headers, ...length })
    response.end(isBodiless ? undefined : body)
    return
  }
  // Refused before all of it was read. To close now would reset the connection under the answer, so the rest is read and
  // dropped for a while.
  response.writeHead(status, { ...headers, ...length, connection: 'close' })
  if (isBodiless) response.flushHeaders()
  else response.write(body)
  drain(request, () => response.end())
}

function drain(request: IncomingMessage, done: () => void): void {
  const timer = setTimeout(finish, lingerMsMax)
  function finish(): void {
    clearTimeout(timer)
    done()
  }
  request.once('end', finish)
  request.once('error', finish)
  request.once('close', finish)
  request.resume()
}
