import { type Context, Hono } from 'hono'
import { messageOf } from '../src/errors.ts'
import { answerError, answerThrown } from './answer-error.ts'
import { jaegerRoutes } from './api/jaeger/routes.ts'
import { deadRoutes } from './api/native/dead.ts'
import { nameRoutes } from './api/native/name-routes.ts'
import { traceRoutes } from './api/native/routes.ts'
import { searchRoutes } from './api/native/search-routes.ts'
import { sqlRoutes } from './api/native/sql-routes.ts'
import { tempoRoutes } from './api/tempo/routes.ts'
import type { QueryContext } from './context.ts'
import { readOnly } from './read-only.ts'
import { excerptOf } from './traceql/syntax-error.ts'

/**
 * Everything that answers questions: `/tempo/api` for Grafana, `/jaeger/api` for Jaeger's UI and for Grafana, `/api/v1` our
 * own, and `/healthz`, `/readyz`, `/metrics` for operators. Clients are told of errors as their own servers do it. Parameters
 * that nobody knows are ignored; no other web page may read an answer (no CORS here).
 */
export function createApp(context: QueryContext): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of securityHeaders) c.header(name, value)
  })
  app.route('/tempo', tempoRoutes(context))
  app.route('/jaeger', jaegerRoutes(context))
  app.route('/api/v1/traces', traceRoutes(context))
  app.route('/api/v1/dead', deadRoutes(context))
  app.route('/api/v1/sql', sqlRoutes(context))
  app.route('/api/v1', nameRoutes(context))
  app.route('/api/v1', searchRoutes(context))
  operations(app, context)
  app.notFound((c) => answerError(c, 404, 'not-found', `nothing is at ${excerptOf(c.req.path)}`))
  app.onError((error, c) => answerThrown(c, error, context.runtime.log))
  return app
}

/** An answer holds what senders wrote: no browser may run it, guess at its type, frame it or keep it. */
const securityHeaders = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['cache-control', 'no-store'],
  ['vary', 'Accept, Authorization, X-Scope-OrgID'],
] as const

function operations(app: Hono, { runtime, ready, metricsText }: QueryContext): void {
  readOnly(app, '/healthz', (c) => c.text('ok\n'))
  const answerReady = async (c: Context) => {
    try {
      await (ready ? ready() : runtime.store.list('_ready/'))
      return c.text('ready\n')
    } catch (error) {
      runtime.log.warn('not ready', { error: messageOf(error) })
      return c.text(`not ready: ${messageOf(error)}\n`, 503)
    }
  }
  readOnly(app, '/readyz', answerReady)
  readOnly(app, '/tempo/ready', answerReady)
  if (metricsText === undefined) return
  readOnly(app, '/metrics', async (c) => {
    const type = 'text/plain; version=0.0.4; charset=utf-8'
    return c.body(await metricsText(), 200, { 'content-type': type })
  })
}
