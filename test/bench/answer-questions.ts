import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { searchTraces } from '../../query/search/search-traces.ts'
import { tagValues } from '../../query/tags/tag-values.ts'
import type { MetricsRange } from '../../query/traceql/step-intervals.ts'
import { tenantDefault } from '../../src/limits.ts'
import { listTraces } from '../../src/lookup/list-traces.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import type { ReadCost } from '../../src/lookup/read-cost.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { metricsQueryOf } from '../helpers/metrics-query.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import type { PlainColumns } from './plain-duckdb.ts'

/** What is asked of an hour of the generator's spans, of us and of DuckDB. */
export interface Question {
  readonly what: string
  /** Throws when the answer is not what it must be. */
  readonly ask: (runtime: Runtime, cache: ReadCache, run: number) => Promise<ReadCost>
  readonly sql?: (columns: PlainColumns) => string
  readonly budgetMs?: number
  /** Percent of the hour's bytes. */
  readonly budgetShare?: number
}

export function answerQuestions(beginMs: number): Question[] {
  return [traceById(), newest(), ...searches(), tagValuesOf(), ...rates(beginMs)]
}

function traceById(): Question {
  let ids: readonly Uint8Array[] = []
  return {
    what: 'trace by id',
    budgetMs: 25,
    async ask(runtime, cache, run) {
      if (ids.length === 0) {
        const { traces } = await listTraces(tenantDefault, { limit: 1_000 }, runtime, cache)
        ids = traces.map(({ traceId }) => traceId)
      }
      const id = ids[(run * 7_919) % ids.length]
      if (id === undefined) throw new Error('bench must have traces')
      const { complete, spans, cost } = await lookupTrace(tenantDefault, id, runtime, cache)
      if (!complete || spans.length === 0) throw new Error('lookup must find its trace')
      return cost
    },
    sql: ({ spans }) =>
      `SELECT * FROM ${spans} WHERE trace_id = (SELECT max(trace_id) FROM ${spans})`,
  }
}

function newest(): Question {
  return {
    what: 'newest 20 traces',
    budgetMs: 50,
    async ask(runtime, cache) {
      const { complete, traces, cost } = await listTraces(
        tenantDefault,
        { limit: 20 },
        runtime,
        cache,
      )
      if (!complete || traces.length !== 20) throw new Error('list must be complete')
      return cost
    },
    sql: ({ spans }) =>
      `SELECT trace_id, min(start) AS first, count(*) FROM ${spans} GROUP BY 1 ORDER BY 2 DESC LIMIT 20`,
  }
}

function searches(): Question[] {
  return [
    search({
      what: 'by service',
      query: '{ resource.service.name = "cart" }',
      where: (c) => `${c.attribute('resource', 'service.name', 'string')} = 'cart'`,
    }),
    search({
      what: 'by a rare string',
      query: '{ span.app.user.id = "user-17" }',
      where: (c) => `${c.attribute('span', 'app.user.id', 'string')} = 'user-17'`,
      budgetMs: 300,
    }),
    search({
      what: 'by a frequent string',
      query: '{ span.http.route = "/api/cart" }',
      where: (c) => `${c.attribute('span', 'http.route', 'string')} = '/api/cart'`,
      budgetMs: 300,
    }),
    search({
      what: 'by a string that is nowhere',
      query: '{ span.app.user.id = "nobody" }',
      where: (c) => `${c.attribute('span', 'app.user.id', 'string')} = 'nobody'`,
      found: 0,
      budgetMs: 300,
    }),
    search({
      what: 'by a pattern that is nowhere',
      query: '{ span.http.route =~ ".*nothing.*" }',
      where: (c) =>
        `regexp_full_match(${c.attribute('span', 'http.route', 'string')}, '.*nothing.*')`,
      found: 0,
    }),
    search({
      what: 'by an integer',
      query: '{ span.app.cart.items.count > 7 }',
      where: (c) => `${c.attribute('span', 'app.cart.items.count', 'int')} > 7`,
      budgetMs: 300,
    }),
    search({
      what: 'by duration',
      query: '{ duration > 50ms }',
      where: () => 'duration_ns > 50000000',
    }),
    {
      ...search({
        what: 'structural',
        query: '{ resource.service.name = "checkout" } >> { status = error }',
        where: () => '',
      }),
      sql: (c) => structuralSql(c),
    },
  ]
}

/** One level of children, not all descendants: the least that SQL must do. */
function structuralSql(c: PlainColumns): string {
  const service = c.attribute('resource', 'service.name', 'string')
  return `SELECT a.trace_id, min(a.start) FROM ${c.spans} a JOIN ${c.spans} b
    ON a.trace_id = b.trace_id AND b.parent_span_id = a.span_id
    WHERE a.${service} = 'checkout' AND b.status_code = 2 GROUP BY 1 ORDER BY 2 DESC LIMIT 20`
}

interface SearchOf {
  readonly what: string
  readonly query: string
  readonly where: (columns: PlainColumns) => string
  readonly found?: number
  readonly budgetMs?: number
}

function search({ what, query, where, found = 20, budgetMs }: SearchOf): Question {
  const options = { stages: stagesOf(query), limit: 20, spansPerSet: 3 }
  return {
    what: `search ${what}`,
    ...(budgetMs === undefined ? {} : { budgetMs }),
    async ask(runtime, cache) {
      const answer = await searchTraces(tenantDefault, options, runtime, cache)
      if (!answer.complete || answer.traces.length > found) throw new Error(`${what} must be found`)
      return answer.cost
    },
    sql: (c) => `SELECT trace_id, min(start) FROM ${c.spans} WHERE ${where(c)}
      GROUP BY 1 ORDER BY 2 DESC LIMIT 20`,
  }
}

function tagValuesOf(): Question {
  const field = { kind: 'attribute', scope: 'span', key: 'http.route' } as const
  return {
    what: 'values of a tag',
    async ask(runtime, cache) {
      const { value, cost } = await tagValues(tenantDefault, field, {}, runtime, cache)
      if (value.length === 0) throw new Error('values must be found')
      return cost
    },
    sql: (c) => `SELECT DISTINCT ${c.attribute('span', 'http.route', 'string')} FROM ${c.spans}`,
  }
}

function rates(beginMs: number): Question[] {
  const beginNs = BigInt(beginMs) * 1_000_000n
  const minuteNs = 60_000_000_000n
  const hour = { startNs: beginNs, endNs: beginNs + 60n * minuteNs }
  return [
    rate('rate over an hour by service', { ...hour, stepNs: minuteNs }),
    {
      ...rate('rate over the last 5 minutes by service', {
        startNs: hour.endNs - 5n * minuteNs,
        endNs: hour.endNs,
        stepNs: 15_000_000_000n,
      }),
      budgetShare: 15,
    },
  ]
}

function rate(what: string, range: Omit<MetricsRange, 'isInstant'>): Question {
  const options = {
    query: metricsQueryOf('{} | rate() by (resource.service.name)'),
    range: { ...range, isInstant: false },
    exemplars: 0,
    seriesMax: 1_000,
  }
  return {
    what,
    async ask(runtime, cache) {
      const { complete, series, cost } = await queryMetrics(tenantDefault, options, runtime, cache)
      if (!complete || series.length < 5) throw new Error('rate must be complete')
      return cost
    },
    sql: (c) => `SELECT ${c.attribute('resource', 'service.name', 'string')},
      epoch_ns(start) // ${range.stepNs}, count(*) FROM ${c.spans}
      WHERE epoch_ns(start) BETWEEN ${range.startNs} AND ${range.endNs} GROUP BY 1, 2`,
  }
}
