import { type ClientHttp2Session, connect } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import type { Answer, Exchange } from './http-client.ts'

export interface Http2Client {
  exchange(url: string, options: Exchange): Promise<Answer>
  /** How many were opened so far. */
  connections(): number
  close(): void
}

/** Node's HTTP/2 client without TLS, over one connection for as long as it lasts. */
export function http2Client(): Http2Client {
  let session: ClientHttp2Session | undefined
  let opened = 0
  const sessionTo = (url: string): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session
    opened++
    session = connect(url)
    session.on('error', () => {})
    return session
  }
  return {
    exchange: (url, options) => exchangeOn(sessionTo(url), options),
    connections: () => opened,
    close: () => session?.close(),
  }
}

/** One request on a connection of HTTP/2. Rejects when its stream is reset before the answer is whole. */
export function exchangeOn(session: ClientHttp2Session, options: Exchange): Promise<Answer> {
  const { method = 'POST', path = '/v1/traces', headers = {}, body, chunks } = options
  return new Promise((resolve, reject) => {
    // What clients do where the length is known; node's adds none.
    const length = chunks || body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const stream = session.request({ ':method': method, ':path': path, ...headers, ...length })
    stream.on('error', reject)
    stream.on('close', () => reject(new Error(`stream closed with ${stream.rstCode}`)))
    stream.on('response', ({ ':status': status = 0, ...answered }) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const sent = Buffer.concat(parts)
        const gzipped = answered['content-encoding'] === 'gzip'
        const whole = new Uint8Array(gzipped ? gunzipSync(sent) : sent)
        resolve({ status, headers: answered, body: whole })
      })
    })
    for (const chunk of chunks ?? []) stream.write(chunk)
    stream.end(body)
  })
}
