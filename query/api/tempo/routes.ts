import { type Context, Hono } from 'hono'
import packageJson from '../../../package.json' with { type: 'json' }
import { lookupTrace } from '../../../src/lookup/lookup-trace.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { parseTraceId } from '../../../src/span/trace-id.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { encodeTraceByIdResponse, traceByIdJson } from './trace-by-id.ts'
import { tempoTraceJson } from './trace-json.ts'

/**
 * What Grafana's Tempo data source asks of a trace store (`GET /api/traces/{id}`, `/api/v2/traces/{id}`, the two that its
 * settings page checks). Time hints are ignored: a lookup here finds a trace at any age, and a hint must not hide it.
 */
export function tempoRoutes(context: QueryContext): Hono {
  const app = new Hono()
  app.get('/api/echo', (c) => c.text('echo'))
  app.get('/api/status/buildinfo', (c) => c.json(buildInfo))

  app.get('/api/traces/:id', async (c) => {
    const { spans, reasons } = await find(c, context)
    if (spans.length === 0 && reasons.length === 0) return c.body(null, 404)
    if (wantsProtobuf(c)) return protobuf(c, encodeTracesData(spans))
    return c.json({ batches: tempoTraceJson(spans).resourceSpans })
  })

  app.get('/api/v2/traces/:id', async (c) => {
    const answer = await find(c, context)
    if (wantsProtobuf(c)) return protobuf(c, encodeTraceByIdResponse(answer))
    return c.json(traceByIdJson(answer))
  })
  return app
}

const buildInfo = {
  version: packageJson.version,
  revision: '',
  branch: '',
  buildDate: '',
  buildUser: '',
  goVersion: '',
}

function find(c: Context, context: QueryContext): ReturnType<typeof lookupTrace> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const traceId = parseTraceId(c.req.param('id') ?? '')
  return lookupTrace(tenant, traceId, context.runtime, context.cache)
}

function wantsProtobuf(c: Context): boolean {
  return (c.req.header('accept') ?? '').includes('application/protobuf')
}

function protobuf(c: Context, body: Uint8Array): Response {
  return c.body(body.slice(), 200, { 'content-type': 'application/protobuf' })
}
