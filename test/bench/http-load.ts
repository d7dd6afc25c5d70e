import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly url: string
  /** Request bodies, gzipped protobuf; sent in turn. */
  readonly bodies: readonly Uint8Array[]
  readonly requests: number
  /** Connections, each with one request under way. */
  readonly connections: number
  /** When given, request i is due at i / rate: latency counts from there, also when every connection is busy. */
  readonly requestsPerSecond?: number
}

export interface LoadResult {
  readonly seconds: number
  /** Milliseconds from due (or sent) to the answer, in order of answers. */
  readonly latenciesMs: readonly number[]
}

/**
 * A small HTTP/1.1 client on bare sockets: a full one would take more of the machine than the server under test. Throws
 * when an answer is not 200.
 */
export async function sendLoad(options: LoadOptions): Promise<LoadResult> {
  const { url, bodies, requests, connections, requestsPerSecond } = options
  const messages = bodies.map((body) => messageOf(url, body))
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(url)))
  const latenciesMs: number[] = []
  const beginMs = performance.now()
  let next = 0
  const work = async (socket: Socket): Promise<void> => {
    const answers = answersOf(socket)
    while (next < requests) {
      const request = next++
      const dueMs = requestsPerSecond ? beginMs + (request * 1_000) / requestsPerSecond : undefined
      if (dueMs !== undefined) await until(dueMs)
      const fromMs = dueMs ?? performance.now()
      socket.write(messages[request % messages.length] as Uint8Array)
      const { value: status } = await answers.next()
      if (status !== 200) throw new Error(`server must answer 200, got ${status}`)
      latenciesMs.push(performance.now() - fromMs)
    }
    socket.destroy()
  }
  await Promise.all(sockets.map(work))
  return { seconds: (performance.now() - beginMs) / 1_000, latenciesMs }
}

function messageOf(url: string, body: Uint8Array): Uint8Array {
  const head =
    `POST /v1/traces HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/x-protobuf\r\n` +
    `Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** The status of each answer on a connection. */
async function* answersOf(socket: Socket): AsyncGenerator<number> {
  let held = ''
  for await (const chunk of socket) {
    held += (chunk as Buffer).toString('latin1')
    for (;;) {
      const headEnd = held.indexOf('\r\n\r\n')
      if (headEnd === -1) break
      const bodyBytes = Number(held.match(/content-length: (\d+)/i)?.[1] ?? 0)
      if (held.length < headEnd + 4 + bodyBytes) break
      const status = Number(held.slice(9, 12))
      held = held.slice(headEnd + 4 + bodyBytes)
      yield status
    }
  }
  throw new Error('server must not close connections under load')
}

async function until(dueMs: number): Promise<void> {
  const leftMs = dueMs - performance.now()
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
}
