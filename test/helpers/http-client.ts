import { type Agent, type OutgoingHttpHeaders, request } from 'node:http'
import { gunzipSync } from 'node:zlib'

export interface Exchange {
  readonly method?: string
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Uint8Array | string
  /** Sends with chunked transfer encoding, in these pieces, instead of `body`. */
  readonly chunks?: readonly Uint8Array[]
  readonly agent?: Agent
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Inflated where the answer was gzipped. */
  readonly body: Uint8Array
}

/** One request by node's plain client, which sends exactly the headers that it is told to. */
export function exchange(url: string, options: Exchange): Promise<Answer> {
  const { method = 'POST', path = '/v1/traces', headers = {}, body, chunks, agent } = options
  return new Promise((resolve, reject) => {
    const sending = request(`${url}${path}`, { method, headers, ...(agent ? { agent } : {}) })
    sending.on('error', reject)
    sending.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const sent = Buffer.concat(parts)
        const gzipped = response.headers['content-encoding'] === 'gzip'
        const whole = new Uint8Array(gzipped ? gunzipSync(sent) : sent)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole })
      })
    })
    if (chunks) {
      for (const chunk of chunks) sending.write(chunk)
      sending.end()
    } else sending.end(body)
  })
}
