import { Hono } from 'hono'
import { type ErrorKind, kindOf, messageOf } from '../src/errors.ts'
import { deadRoutes } from './api/native/dead.ts'
import { traceRoutes } from './api/native/traces.ts'
import { tempoRoutes } from './api/tempo/routes.ts'
import type { QueryContext } from './context.ts'

/** HTTP status of each kind of error. */
export const statusOfKind: Readonly<Record<ErrorKind, 400 | 401 | 403 | 413 | 429 | 500 | 503>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'too-large': 413,
  throttled: 429,
  unavailable: 503,
  corrupt: 500,
  internal: 500,
}

/** Everything that answers questions. Tempo's clients are told of errors in plain text, ours in JSON. */
export function createApp(context: QueryContext): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('cache-control', 'no-store')
  })
  app.route('/tempo', tempoRoutes(context))
  app.route('/api/v1/traces', traceRoutes(context))
  app.route('/api/v1/dead', deadRoutes(context))
  app.notFound((c) =>
    c.json({ error: { kind: 'not-found', message: `nothing is at ${c.req.path}` } }, 404),
  )
  app.onError((error, c) => {
    const kind = kindOf(error)
    if (kind === 'internal' || kind === 'corrupt') {
      context.runtime.log.error('query failed', { path: c.req.path, error: String(error.stack) })
    }
    const message = kind === 'internal' ? 'internal error' : messageOf(error)
    if (kind === 'unauthenticated') c.header('www-authenticate', 'Bearer')
    if (kind === 'unavailable') c.header('retry-after', '1')
    const status = statusOfKind[kind]
    if (c.req.path.startsWith('/tempo/')) return c.text(message, status)
    return c.json({ error: { kind, message } }, status)
  })
  return app
}
