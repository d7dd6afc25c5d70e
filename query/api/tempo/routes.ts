import { type Context, Hono } from 'hono'
import packageJson from '../../../package.json' with { type: 'json' }
import { lookupTrace, type TraceAnswer } from '../../../src/lookup/lookup-trace.ts'
import { encodeTracesData } from '../../../src/otlp/encode.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import { searchTraces } from '../../search/search-traces.ts'
import { metricsRoutes } from './metrics-routes.ts'
import { parseTraceRequest, wantsProtobuf } from './request.ts'
import { batchesJson, encodeTraceByIdResponse, traceByIdJson } from './response.ts'
import { parseSearchRequest } from './search-request.ts'
import { searchJson } from './search-response.ts'
import { parseSelection, selectSpans } from './select-spans.ts'
import { tagRoutes } from './tag-routes.ts'

/**
 * What Grafana's Tempo data source asks of a trace store: search, metrics, tags and their values, a trace by id in both versions of
 * the API, and the two paths that its settings page checks. `/api/echo` needs a token that may read, so that "Save & test" proves it.
 */
export function tempoRoutes(context: QueryContext): Hono {
  const app = new Hono()
  readOnly(app, '/api/echo', (c) => {
    tenantOf(c.req.raw, 'read', context)
    return c.text('echo')
  })
  readOnly(app, '/api/status/buildinfo', (c) => c.json(buildInfo))
  readOnly(app, '/api/search', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const options = parseSearchRequest(new URL(c.req.url).searchParams)
    const { signal } = c.req.raw
    const answer = await searchTraces(
      tenant,
      { ...options, signal },
      context.runtime,
      context.cache,
    )
    incompleteHeader(c, answer.reasons)
    return c.json(searchJson(answer))
  })
  tagRoutes(app, context)
  metricsRoutes(app, context)
  readOnly(app, '/api/traces/:id', async (c) => traceV1(c, await find(c, context)))
  readOnly(app, '/api/v2/traces/:id', async (c) => {
    const selection = parseSelection(new URL(c.req.url).searchParams)
    const found = await find(c, context)
    const answer = selection ? selectSpans(found, selection) : found
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

function find(c: Context, context: QueryContext): Promise<TraceAnswer> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  return lookupTrace(tenant, parseTraceRequest(c), context.runtime, context.cache)
}

/** Version 1 has no words for an incomplete answer: what the body cannot say, the status or a header does. */
function traceV1(c: Context, { spans, complete, reasons, rowsLeftOut }: TraceAnswer): Response {
  const why = reasons.join('; ')
  if (rowsLeftOut > 0) return c.text(why, 422)
  if (spans.length === 0 && complete) return c.body(null, 404)
  if (spans.length === 0) return c.text(`whether the trace exists is not known: ${why}`, 500)
  incompleteHeader(c, reasons)
  if (wantsProtobuf(c)) return protobuf(c, encodeTracesData(spans))
  return c.json(batchesJson(spans))
}

function protobuf(c: Context, body: Uint8Array): Response {
  return c.body(body.slice(), 200, { 'content-type': 'application/protobuf' })
}
