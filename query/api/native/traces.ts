import { Hono } from 'hono'
import { SpanlakeError } from '../../../src/errors.ts'
import type { TraceSummary } from '../../../src/index/summaries.ts'
import { traceListMax } from '../../../src/limits.ts'
import { listTraces } from '../../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../../src/lookup/lookup-trace.ts'
import { otlpJson } from '../../../src/otlp/encode-json.ts'
import { hexOf, parseTraceId } from '../../../src/span/trace-id.ts'
import { type QueryContext, tenantOf } from '../../context.ts'

/**
 * `GET /` lists the newest traces (`limit`, `after`, `start` and `end` in unix seconds or nanoseconds); `GET /{id}` is
 * one trace as OTLP/JSON, with `spanlake` telling whether it is complete, where it was read from and what that cost.
 */
export function traceRoutes(context: QueryContext): Hono {
  const { runtime, cache } = context
  const app = new Hono()

  app.get('/', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const after = c.req.query('after')
    const fromNs = parseTime('start', c.req.query('start'))
    const toNs = parseTime('end', c.req.query('end'))
    const options = {
      limit: parseLimit(c.req.query('limit')),
      ...(after === undefined ? {} : { after }),
      ...(fromNs === undefined ? {} : { fromNs }),
      ...(toNs === undefined ? {} : { toNs }),
    }
    const { traces, next, reasons, cost } = await listTraces(tenant, options, runtime, cache)
    const complete = reasons.length === 0
    return c.json({ traces: traces.map(summaryJson), next, spanlake: { complete, reasons, cost } })
  })

  app.get('/:id', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const traceId = parseTraceId(c.req.param('id'))
    const { spans, reasons, readFrom, cost } = await lookupTrace(tenant, traceId, runtime, cache)
    const complete = reasons.length === 0
    const { region } = runtime
    const spanlake = { complete, reasons, region, spans: spans.length, readFrom, cost }
    const status = spans.length === 0 && complete ? 404 : 200
    return c.json({ ...otlpJson(spans), spanlake }, status)
  })
  return app
}

function summaryJson(summary: TraceSummary) {
  const { traceId, startNs, endNs, rootService, rootName, spans, errors, services } = summary
  return {
    traceId: hexOf(traceId),
    startTimeUnixNano: BigInt.asUintN(64, startNs).toString(),
    durationNs: (endNs > startNs ? endNs - startNs : 0n).toString(),
    rootService,
    rootName,
    spans,
    errors,
    services,
  }
}

const limitDefault = 20

function parseLimit(text: string | undefined): number {
  if (text === undefined) return limitDefault
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= traceListMax) return limit
  throw new SpanlakeError(
    'invalid',
    `limit must be from 1 to ${traceListMax}, got ${text.slice(0, 20)}`,
  )
}

/** Up to 10 digits are seconds, more are nanoseconds. */
function parseTime(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * 1_000_000_000n
  if (/^\d{11,19}$/.test(text)) return BigInt(text)
  throw new SpanlakeError(
    'invalid',
    `${name} must be unix seconds or nanoseconds, got ${text.slice(0, 40)}`,
  )
}
