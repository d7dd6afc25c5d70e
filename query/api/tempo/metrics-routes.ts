import type { Context, Hono } from 'hono'
import { type QueryContext, tenantOf } from '../../context.ts'
import type { MetricsAnswer } from '../../metrics/metrics-answer.ts'
import { queryMetrics } from '../../metrics/query-metrics.ts'
import { readOnly } from '../../read-only.ts'
import { parseQueryInstant, parseQueryRange } from './metrics-request.ts'
import { queryInstantJson, queryRangeJson } from './metrics-response.ts'

/** TraceQL metrics: points over a range, and one value over all of it. */
export function metricsRoutes(app: Hono, context: QueryContext): void {
  readOnly(app, '/api/metrics/query_range', async (c) =>
    c.json(queryRangeJson(await answerTo(c, parseQueryRange, context))),
  )
  readOnly(app, '/api/metrics/query', async (c) =>
    c.json(queryInstantJson(await answerTo(c, parseQueryInstant, context))),
  )
}

async function answerTo(
  c: Context,
  parse: typeof parseQueryRange,
  context: QueryContext,
): Promise<MetricsAnswer> {
  const { runtime, cache } = context
  const tenant = tenantOf(c.req.raw, 'read', context)
  const options = parse(new URL(c.req.url).searchParams, runtime.clock.nowMs())
  return queryMetrics(tenant, { ...options, signal: c.req.raw.signal }, runtime, cache)
}
