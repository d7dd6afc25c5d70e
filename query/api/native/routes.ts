import { Hono } from 'hono'
import { listTraces } from '../../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../../src/lookup/lookup-trace.ts'
import { hexOf, parseTraceId } from '../../../src/span/trace-id.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { readOnly } from '../../read-only.ts'
import { parseListRequest } from './request.ts'
import { traceListResponse, traceResponse } from './response.ts'

/**
 * `GET /` lists the newest traces (`limit`, `after`, `start` and `end` in unix seconds or nanoseconds, `service`,
 * `rootName`, `minDuration`, `maxDuration`, `error`); `GET /{id}` is
 * one trace as OTLP/JSON, with `spanlake` telling whether it is complete, where it was read from and what that cost.
 */
export function traceRoutes(context: QueryContext): Hono {
  const { runtime, cache } = context
  const app = new Hono()

  readOnly(app, '/', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const asked = parseListRequest((name) => c.req.query(name))
    const options = { ...asked, signal: c.req.raw.signal }
    return c.json(traceListResponse(await listTraces(tenant, options, runtime, cache)))
  })

  readOnly(app, '/:id', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const traceId = parseTraceId(c.req.param('id') ?? '')
    const answer = await lookupTrace(tenant, traceId, runtime, cache)
    const response = traceResponse(answer, runtime.region)
    if (answer.spans.length > 0 || !answer.complete) return c.json(response)
    const error = { kind: 'not-found', message: `no span is known of trace ${hexOf(traceId)}` }
    return c.json({ error, ...response }, 404)
  })
  return app
}
