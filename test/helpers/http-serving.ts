import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { App } from '../../src/adapters/node/app-thread.ts'
import { type HttpServer, startHttpServer } from '../../src/adapters/node/http-server.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import { type MemoryDoor, type MemoryDoorOptions, memoryDoor } from './memory-door.ts'
import { encodeRequest } from './otlp-protobuf.ts'

/** A request of one span, and the headers that go with it. */
export const body = encodeRequest({
  resourceSpans: [
    {
      scopeSpans: [
        { spans: [{ traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(1) }] },
      ],
    },
  ],
})
export const headers = { 'content-type': 'application/x-protobuf' }

export interface Serving extends MemoryDoor {
  readonly server: HttpServer
  readonly url: string
}

const echo: App = {
  fetch: async (request) => {
    const { pathname } = new URL(request.url)
    return new Response(`${request.method} ${pathname} ${await request.text()}`)
  },
}

/** A server on a real socket over a memory door, closed when the test ends. */
export async function serving(
  options: MemoryDoorOptions & { app?: App; connectionsMax?: number } = {},
): Promise<Serving> {
  const memory = memoryDoor(options)
  const server = await startHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    limits: memory.runtime.limits,
    exportTraces: (request) => exportTraces(request, memory.door),
    app: options.app ?? echo,
    connectionsMax: options.connectionsMax ?? 100,
  })
  onTestFinished(() => server.close())
  return { ...memory, server, url: server.url }
}

export interface Wire {
  readonly socket: Socket
  /** All that came back, once it matches, or once the server has closed the connection. */
  until(pattern: RegExp): Promise<string>
  readonly closed: Promise<void>
}

/** A bare connection, to send what no client would. */
export function wireTo(url: string): Wire {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => {
    socket.destroy()
  })
  let text = ''
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  socket.on('data', (data) => {
    text += data.toString('latin1')
    wake()
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      resolve()
      wake()
    })
  })
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const check = () => {
        if (!pattern.test(text) && !socket.closed) return
        waiting.delete(check)
        resolve(text)
      }
      waiting.add(check)
      check()
    })
  return { socket, until, closed }
}
