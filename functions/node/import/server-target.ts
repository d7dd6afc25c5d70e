import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { SpanlakeError } from '../../../src/errors.ts'
import type { ImportTarget } from '../import.ts'

const compress = promisify(gzip)
const answerMsMax = 60_000

/** A running server as target, over OTLP/HTTP with gzip. */
export function serverTarget(options: {
  readonly url: string
  readonly token: string | undefined
  readonly tenant: string | undefined
}): ImportTarget {
  const { url, token, tenant } = options
  const headers: Record<string, string> = { 'content-encoding': 'gzip' }
  if (token) headers.authorization = `Bearer ${token}`
  if (tenant) headers['x-scope-orgid'] = tenant
  return {
    async send(body, contentType) {
      const init = {
        method: 'POST',
        headers: { ...headers, 'content-type': contentType },
        body: await compress(body, { level: 1 }),
        signal: AbortSignal.timeout(answerMsMax),
      }
      try {
        const response = await fetch(`${url}/v1/traces`, init)
        return {
          status: response.status,
          body: new Uint8Array(await response.arrayBuffer()),
          headers: Object.fromEntries(response.headers),
        }
      } catch (cause) {
        throw new SpanlakeError('unavailable', `no server answers at ${url}`, { cause })
      }
    },
  }
}
