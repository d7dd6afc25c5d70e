import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { ListenAddress } from '../../config.ts'
import { mediaTypeOf } from '../../ingest/body-format.ts'
import type { DoorAnswer, DoorRequest } from '../../ingest/export-traces.ts'
import { connectionsMax, headerBytesMax, headerMsMax, type Limits } from '../../limits.ts'
import { mediaTypes, statusResponse } from '../../otlp/response.ts'
import type { App } from './app-thread.ts'

export interface HttpServerOptions {
  readonly listen: ListenAddress
  readonly limits: Limits
  /** Answers all methods on `/v1/traces`; never rejects. */
  readonly exportTraces: (request: DoorRequest) => Promise<DoorAnswer>
  /** Answers everything else. */
  readonly app: App
}

export interface HttpServer {
  readonly url: string
  /** Takes no more requests, finishes those under way, then closes all connections. */
  close(): Promise<void>
}

/**
 * The door goes straight from node's request to the flow: web Requests and streams would cost more than the work. A
 * sender slower than `requestMsMax` is cut off by node with 408.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, limits, exportTraces, app } = options
  const answerApp = getRequestListener((request) => app.fetch(request))
  const serverOptions = {
    requestTimeout: limits.requestMsMax,
    headersTimeout: headerMsMax,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: headerBytesMax,
    keepAliveTimeout: 75_000,
  }
  let stopping = false
  const server = createServer(serverOptions, (request, response) => {
    if (stopping) response.setHeader('connection', 'close')
    const path = (request.url ?? '').split('?', 1)[0]
    if (path === '/v1/traces') void answerExport(request, response, exportTraces)
    else if (path === '/v1/metrics' || path === '/v1/logs') refuseSignal(request, response, path)
    else void answerApp(request, response)
  })
  server.maxConnections = connectionsMax
  const url = await startListening(server, listen)
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        stopping = true
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

async function startListening(server: Server, { host, port }: ListenAddress): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}

async function answerExport(
  request: IncomingMessage,
  response: ServerResponse,
  exportTraces: HttpServerOptions['exportTraces'],
): Promise<void> {
  const answer = await exportTraces({
    method: request.method ?? '',
    header: (name) => headerOf(request, name),
    // Leaving the loop early must not close the socket: the refusal has still to go out on it.
    body: request.iterator({ destroyOnReturn: false }),
  })
  send(request, response, answer)
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Other signals have their own paths; nothing here takes them. */
function refuseSignal(request: IncomingMessage, response: ServerResponse, path: string): void {
  const type = mediaTypeOf(headerOf(request, 'content-type')) ?? 'protobuf'
  const body = statusResponse(5, `only traces are taken here, got ${path}`, type)
  send(request, response, { status: 404, headers: { 'content-type': mediaTypes[type] }, body })
}

function send(request: IncomingMessage, response: ServerResponse, answer: DoorAnswer): void {
  if (response.destroyed) return
  const { status, headers, body } = answer
  // Refused before all of it was read: say so and close, once the sender has stopped or its time is over.
  if (!request.complete) response.setHeader('connection', 'close')
  const length = status === 204 ? {} : { 'content-length': body.length }
  response.writeHead(status, { ...headers, ...length })
  response.end(body)
  request.resume()
}
