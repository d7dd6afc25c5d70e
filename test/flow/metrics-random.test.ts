import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queryMetrics } from '../../query/metrics/query-metrics.ts'
import { spansTable } from '../../query/search/spans-table.ts'
import type { MetricsQuery } from '../../query/traceql/ast.ts'
import { seriesOf } from '../../query/traceql/columns-of.ts'
import { metricsEvaluator } from '../../query/traceql/evaluate-metrics.ts'
import { finishMetrics } from '../../query/traceql/finish-metrics.ts'
import { emptyParts } from '../../query/traceql/series-parts.ts'
import { type MetricsRange, stepIntervals } from '../../query/traceql/step-intervals.ts'
import { compactStep } from '../../src/compact/compact.ts'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { dedupeSpans } from '../../src/lookup/dedupe-spans.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { metricsQueryOf, shownSeries } from '../helpers/metrics-query.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import {
  arbitraryStages,
  arbitraryTrace,
  arbitraryTreeCondition,
} from '../unit/query/traceql/arbitrary-trace.ts'

function isValid(text: string): boolean {
  try {
    metricsQueryOf(text)
    return true
  } catch {
    return false
  }
}

/** What the query says when every span is looked at, each once. */
function naive(spans: readonly Span[], query: MetricsQuery, range: MetricsRange): string[] {
  const intervals = stepIntervals(range)
  const traces = [...Map.groupBy(spans, ({ traceId }) => hexOf(traceId)).values()]
  const parts = seriesOf(query.expression).map((series) => {
    const own = emptyParts()
    for (const trace of traces) {
      const table = spansTable(dedupeSpans(trace))
      metricsEvaluator(series, table, intervals, own).add({ from: 0, to: table.rows })
    }
    return own
  })
  return shownSeries(finishMetrics(query.expression, parts, intervals))
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

interface Part {
  readonly envelope: Envelope
  readonly range: readonly [from: number, to: number] | undefined
}

/** One file, and one more where some are strays. */
async function flush(world: LookupWorld, parts: readonly Part[]): Promise<void> {
  await flushBatch({ tenant: 'acme', parts }, world.runtime)
}

const hourNs = 3_600_000_000_000n

/** Traces that start now, hours ago and, as strays, weeks ago; each span in one of three flushes. */
const placedTraces = fc.array(
  fc.record({
    spans: arbitraryTrace(),
    agoNs: fc.constantFrom(0n, 1_000n, hourNs, 5n * hourNs, 700n * hourNs),
    stepsNs: fc.array(fc.constantFrom(0n, 1n, 1_000n, hourNs), { minLength: 10, maxLength: 10 }),
    flushes: fc.array(fc.constantFrom(0, 1, 2), { minLength: 10, maxLength: 10 }),
    /** Which spans have a case twin of `p`. */
    twins: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
  }),
  { minLength: 1, maxLength: 6 },
)

const whole: MetricsRange = {
  startNs: nowNs - 2n * hourNs,
  endNs: nowNs + 2n * hourNs,
  stepNs: hourNs,
  isInstant: false,
}

const range = fc.constantFrom<MetricsRange>(
  whole,
  { ...whole, isInstant: true },
  { ...whole, startNs: nowNs - 800n * hourNs, endNs: nowNs, stepNs: 24n * hourNs },
  { ...whole, startNs: nowNs - 1_001n, endNs: nowNs + 10n, stepNs: 7n },
)

const by = fc.constantFrom('', ' by (.p)', ' by (span.P, resource.q)', ' by (kind, name, event.p)')
const counting = fc.constantFrom('rate()', 'count_over_time()')
const measuring = fc.constantFrom(
  ...['min', 'max', 'sum', 'avg', 'histogram'].flatMap((name) =>
    ['duration', 'span.p', '.q', 'event:timeSinceStart'].map(
      (field) => `${name}_over_time(${field})`,
    ),
  ),
  'quantile_over_time(duration, .5, 1)',
  'quantile_over_time(.p, .9)',
)
const grouped = fc.tuple(fc.oneof(counting, measuring), by).map((parts) => parts.join(''))
const second = fc.constantFrom('', ' | topk(2)', ' | bottomk(1)', ' > 0')
const compared = fc.constantFrom('compare({ status = error })', 'compare({ span.p > 0 }, 2)')
const stages = fc.oneof(
  fc.constant('{ }'),
  arbitraryStages(arbitraryTreeCondition(), false),
  arbitraryStages(arbitraryTreeCondition()),
)
const series = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(stages, grouped, second).map(([s, f, t]) => `${s} | ${f}${t}`) },
  { weight: 1, arbitrary: fc.tuple(stages, compared).map((parts) => parts.join(' | ')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(stages, stages, grouped)
      .map(([one, other, f]) => `(${one} | ${f}) / (${other} | ${f})`),
  },
)

const given = fc.record({
  traces: placedTraces,
  query: series.filter(isValid),
  range,
  compacted: fc.constantFrom(0, 2, 3),
  /** Flushes that come again, beside another envelope: whole, or in part. */
  repeated: fc.subarray([0, 1, 2]),
  cut: fc.boolean(),
  /** Repeats, and the rest of what is cut, come behind the last compaction. */
  isLate: fc.boolean(),
})

test('metrics say what looking at every span says, fresh, compacted and mixed', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ traces, compacted, repeated, cut, isLate, ...asked }) => {
      const world = lookupWorld()
      const flushes = flushesOf(traces)
      const late: (() => Promise<void>)[] = []
      for (const [place, spans] of flushes.entries()) {
        if (place === compacted) await compact(world)
        if (spans.length === 0) continue
        const envelope = world.envelope(spans)
        const isRepeated = repeated.includes(place)
        const half = cut && spans.length > 1 ? Math.ceil(spans.length / 2) : undefined
        await flush(world, [{ envelope, range: half === undefined ? undefined : [0, half] }])
        const [other] = isRepeated ? flushes.filter((one) => one.length > 0 && one !== spans) : []
        const beside = other && { envelope: world.envelope(other), range: undefined }
        // The rest, one span of which is here already.
        const from = half === undefined ? undefined : half - (isRepeated ? 1 : 0)
        const again: Part = {
          envelope,
          range: from === undefined ? undefined : [from, spans.length],
        }
        const more = () => flush(world, [again, ...(beside ? [beside] : [])])
        if (isLate) late.push(more)
        else if (isRepeated || half !== undefined) await more()
      }
      if (compacted === flushes.length) await compact(world)
      for (const more of late) await more()
      const query = metricsQueryOf(asked.query)
      const options = { query, range: asked.range, exemplars: 0, seriesMax: 10_000 }
      const answer = await queryMetrics('acme', options, world.runtime, readCache())
      expect(answer.reasons).toEqual([])
      expect(shownSeries(answer.series)).toEqual(naive(flushes.flat(), query, asked.range))
    }),
    { numRuns: 150 },
  )
}, 60_000)

/** Each span once: of copies in different bodies, all count that have not met. */
function flushesOf(traces: typeof placedTraces extends fc.Arbitrary<infer T> ? T : never) {
  const flushes: Span[][] = [[], [], []]
  for (const [number, { spans, agoNs, stepsNs, flushes: places, twins }] of traces.entries()) {
    const trace = (number + 1).toString(16).repeat(16)
    const own = spans.map((span, i) => {
      const attributes = { ...span.span, ...(twins[i] && { P: 'twin' }) }
      return spanOfTestSpan(
        { ...span, span: attributes, trace },
        nowNs - agoNs + (stepsNs[i] ?? 0n),
      )
    })
    for (const [i, span] of dedupeSpans(own).entries()) flushes[places[i] ?? 0]?.push(span)
  }
  return flushes
}
