import type { Context } from 'hono'
import { type ErrorKind, kindOf, messageOf } from '../src/errors.ts'
import type { Log } from '../src/ports/log.ts'
import { jaegerError } from './api/jaeger/answers.ts'

type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 413 | 422 | 429 | 500 | 501 | 503

const statuses: Readonly<Record<ErrorKind, ErrorStatus>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'too-large': 413,
  throttled: 429,
  unavailable: 503,
  corrupt: 500,
  internal: 500,
}

const headers: Partial<Readonly<Record<ErrorKind, readonly [name: string, value: string]>>> = {
  unauthenticated: ['www-authenticate', 'Bearer'],
  throttled: ['retry-after', '1'],
  unavailable: ['retry-after', '1'],
}

/**
 * The answer to anything thrown. What is no fault of the client's is logged, unless the client has gone; a bug shows its
 * message there alone.
 */
export function answerThrown(c: Context, error: unknown, log: Log): Response {
  const kind = kindOf(error)
  const isCancelled = kind === 'unavailable' && c.req.raw.signal.aborted
  if ((kind === 'internal' || kind === 'corrupt' || kind === 'unavailable') && !isCancelled) {
    const detail = error instanceof Error ? error.stack : String(error)
    log.error('query failed', { path: c.req.path, kind, error: detail })
  }
  const [name, value] = headers[kind] ?? []
  if (name && value) c.header(name, value)
  const message = kind === 'internal' ? 'internal error' : messageOf(error)
  return answerError(c, statuses[kind], kind, message)
}

/** Tempo's clients show the text of an error to people; Jaeger's have a form of their own; ours read JSON. */
export function answerError(
  c: Context,
  status: ErrorStatus,
  kind: string,
  message: string,
): Response {
  if (isUnder('/tempo', c.req.path)) return c.text(message, status)
  if (isUnder('/jaeger', c.req.path)) return jaegerError(c, status, message)
  return c.json({ error: { kind, message } }, status)
}

function isUnder(root: string, path: string): boolean {
  return path === root || path.startsWith(`${root}/`)
}
