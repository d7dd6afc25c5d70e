import { SpanlakeError } from '../../src/errors.ts'

export interface ServerAddress {
  readonly from: string
  readonly token?: string
  readonly tenant?: string
}

/** One request to a running server; an answer that is not 2xx is thrown with the server's own words. */
export async function askServer(
  server: ServerAddress,
  path: string,
  init: { method?: string; body?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return (await serverAnswer(server, path, init)).body
}

/** The same with the headers of the answer. */
export async function serverAnswer(
  server: ServerAddress,
  path: string,
  init: { method?: string; body?: string } = {},
): Promise<{ readonly body: Uint8Array<ArrayBuffer>; readonly headers: Headers }> {
  const headers = new Headers({ accept: 'application/json' })
  if (server.token) headers.set('authorization', `Bearer ${server.token}`)
  if (server.tenant) headers.set('x-scope-orgid', server.tenant)
  if (init.body) headers.set('content-type', 'application/json')
  const response = await fetch(`${server.from}${path}`, { ...init, headers }).catch((cause) => {
    throw new SpanlakeError(
      'unavailable',
      `no server answers at ${server.from}: is it running, or did you mean --data DIR?`,
      { cause },
    )
  })
  const body = new Uint8Array(await response.arrayBuffer())
  if (response.ok) return { body, headers: response.headers }
  const kind = response.status >= 500 ? 'unavailable' : 'invalid'
  throw new SpanlakeError(kind, `${server.from} answered ${response.status}: ${refusal(body)}`)
}

function refusal(body: Uint8Array): string {
  const text = new TextDecoder().decode(body).trim()
  try {
    const parsed = JSON.parse(text) as { error?: { message?: string }; message?: string }
    return parsed.error?.message ?? parsed.message ?? text
  } catch {
    return text
  }
}
