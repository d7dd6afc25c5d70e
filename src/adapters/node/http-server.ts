import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
} from 'node:http'
import {
  constants,
  Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Readable } from 'node:stream'
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
  keepAliveMs,
  type Limits,
  lingerMsMax,
  stopGraceMs,
} from '../../limits.ts'
import { mediaTypes, statusResponse } from '../../otlp/response.ts'
import type { App } from './app-thread.ts'
import { codeOf, reasonOf } from './file-errors.ts'
import { hearProtocol } from './hear-protocol.ts'
import { type Http2Sessions, http2Sessions } from './http2-sessions.ts'
import { refuseBroken } from './refuse-broken.ts'
import { bodyOf } from './request-body.ts'

export interface HttpServerOptions {
  readonly listen: ListenAddress
  readonly limits: Limits
  /** Answers all methods on `/v1/traces`; never rejects. Without it, no spans are taken here. */
  readonly exportTraces?: (request: DoorRequest) => Promise<DoorAnswer>
  /** Answers everything else. */
  readonly app: App
  /** Sockets held at once; one more is closed as soon as it opens. As many requests of HTTP/2, over all of its sockets. */
  readonly connectionsMax?: number
}

export interface HttpServer {
  readonly url: string
  /** Takes no more requests, finishes those under way, then closes all connections. */
  close(): Promise<void>
}

type HttpRequest = IncomingMessage | Http2ServerRequest
type HttpResponse = ServerResponse | Http2ServerResponse

/**
 * HTTP/1.1 and HTTP/2 without TLS on one port; a connection's first bytes tell which. The door goes straight from node's request to the flow: web Requests and streams would cost more
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
  const headersTimeout = Math.min(headerMsMax, requestTimeout)
  const server = createServer({
    requestTimeout,
    headersTimeout,
    connectionsCheckingInterval: 500,
    maxHeaderSize: headerBytesMax,
    keepAliveTimeout: keepAliveMs,
  })
  server.maxConnections = options.connectionsMax ?? connectionsMax
  const answer = (request: HttpRequest, response: HttpResponse, waits: boolean): void => {
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
  const http2 = http2Sessions({
    requestsMax: server.maxConnections,
    keepAliveMs,
    settingsMsMax: headersTimeout,
    requestMsMax: requestTimeout,
    answer,
  })
  const unheard = hearConnections(server, http2, headersTimeout)
  const url = await startListening(server, listen)
  const msMax = requestTimeout + limits.queueSendMsMax + stopGraceMs
  return { url, close: () => stop(server, http2, unheard, msMax) }
}

/** Connections that have not said yet what they speak. Node's own listener gets those that speak HTTP/1. */
function hearConnections(server: Server, http2: Http2Sessions, msMax: number): Set<Socket> {
  const unheard = new Set<Socket>()
  const speakHttp1 = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    unheard.add(socket)
    socket.once('close', () => unheard.delete(socket))
    hearProtocol(socket, msMax, {
      heard(protocol) {
        unheard.delete(socket)
        if (protocol === 'http2') {
          http2.take(socket)
          return
        }
        for (const listener of speakHttp1) listener.call(server, socket)
        socket.resume()
      },
      silent(reason) {
        unheard.delete(socket)
        if (reason === 'ended') socket.end()
        else server.emit('clientError', tooLate(), socket)
      },
    })
  })
  return unheard
}

/** What node says of headers that take too long. */
function tooLate(): Error {
  return Object.assign(new Error('request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
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
function stop(
  server: Server,
  http2: Http2Sessions,
  unheard: Iterable<Socket>,
  msMax: number,
): Promise<void> {
  return new Promise((resolve) => {
    for (const socket of unheard) socket.destroy()
    http2.close()
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    const end = setTimeout(() => {
      server.closeAllConnections()
      http2.destroy()
    }, msMax)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(end)
      resolve()
    })
  })
}

function doorRequestOf(request: HttpRequest, onStart: () => void): DoorRequest {
  return {
    method: request.method ?? '',
    header: (name) => headerOf(request, name),
    body: bodyOf(request, onStart),
  }
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Other signals have their own paths; nothing here takes them. */
function refusedSignal(request: HttpRequest, path: string): DoorAnswer {
  const type = mediaTypeOf(headerOf(request, 'content-type')) ?? 'protobuf'
  const body = statusResponse(codeNotFound, `only traces are taken here, got ${path}`, type)
  return { status: 404, headers: { 'content-type': mediaTypes[type] }, body }
}

/** Whether what comes with a request to the app has a known and small size. */
function isBodyBounded(request: HttpRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': chunked } = request.headers
  if (length !== undefined) return chunked === undefined && Number(length) <= appBodyBytesMax
  const isBodiless =
    request instanceof Http2ServerRequest ? request.stream.endAfterHeaders : chunked === undefined
  return isBodiless
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
  request: HttpRequest,
  response: HttpResponse,
  answer: Promise<DoorAnswer>,
): Promise<void> {
  const { status, headers, body } = await answer
  const isBodiless = status === 204 || request.method === 'HEAD'
  const length = status === 204 ? {} : { 'content-length': body.length }
  const sent = { status, headers: { ...headers, ...length }, body: isBodiless ? undefined : body }
  if (response instanceof ServerResponse) send(request, response, sent)
  else sendOnStream(response.stream, sent)
}

interface SentAnswer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Uint8Array | undefined
}

function send(
  request: HttpRequest,
  response: ServerResponse,
  { status, headers, body }: SentAnswer,
): void {
  if (response.destroyed) return
  if (request.complete) {
    response.writeHead(status, headers)
    response.end(body)
    return
  }
  // Refused before all of it was read. To close now would reset the connection under the answer, so the rest is read and
  // dropped for a while.
  response.writeHead(status, { ...headers, connection: 'close' })
  if (body) response.write(body)
  else response.flushHeaders()
  drain(request, () => response.end())
}

/** The same in HTTP/2, where a refused sender is stopped by ending its stream, and the connection goes on. */
function sendOnStream(stream: ServerHttp2Stream, { status, headers, body }: SentAnswer): void {
  if (stream.destroyed || stream.closed) return
  stream.respond({ ...headers, ':status': status }, { endStream: body === undefined })
  if (body) stream.end(body)
  if (stream.state.remoteClose !== 1) drain(stream, () => stream.close(constants.NGHTTP2_NO_ERROR))
}

function drain(request: Readable, done: () => void): void {
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
