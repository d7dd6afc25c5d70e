import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricsQuery } from '../../../../query/traceql/ast.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { seriesOf } from '../../../../query/traceql/columns-of.ts'
import { metricsEvaluator } from '../../../../query/traceql/evaluate-metrics.ts'
import type { FinalSeries } from '../../../../query/traceql/final-series.ts'
import { finishMetrics } from '../../../../query/traceql/finish-metrics.ts'
import { mergeParts } from '../../../../query/traceql/merge-parts.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { emptyParts, type SeriesParts } from '../../../../query/traceql/series-parts.ts'
import { stepIntervals } from '../../../../query/traceql/step-intervals.ts'
import { arbitraryTrace } from './arbitrary-trace.ts'
import { type TestSpan, tableOf } from './table-of.ts'

function parseMetrics(text: string): MetricsQuery {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'metrics') throw new Error(`no metrics: ${text}`)
  return query
}

type Trace = readonly TestSpan[]

// Intervals (0, 10], (10, 20], (20, 30] of seconds; starts are given in nanoseconds.
const second = 1_000_000_000
const intervals = stepIntervals({
  startNs: 0n,
  endNs: BigInt(30 * second),
  stepNs: BigInt(10 * second),
  isInstant: false,
})

function partsOf(query: MetricsQuery, traces: readonly Trace[]): SeriesParts[] {
  const table = tableOf(traces.flat())
  return seriesOf(query.expression).map((series) => {
    const evaluator = metricsEvaluator(series, table, intervals)
    let from = 0
    for (const trace of traces) {
      evaluator.add({ from, to: from + trace.length })
      from += trace.length
    }
    return evaluator.parts
  })
}

function evaluate(text: string, traces: readonly Trace[]): readonly FinalSeries[] {
  const query = parseMetrics(text)
  return finishMetrics(query.expression, partsOf(query, traces), intervals)
}

/** `a="x" b=2: 1 - 3`, a series a line. */
function shown(series: readonly FinalSeries[]): string[] {
  return series.map(({ labels, values }) => {
    const names = labels.map(({ name, value }) => `${name}=${value}`).join(' ')
    const points = Array.from(values, (value) =>
      Number.isNaN(value) ? '-' : String(+value.toPrecision(6)),
    )
    return `${names}: ${points.join(' ')}`
  })
}

const ms = 1_000_000n

const traces: readonly Trace[] = [
  [
    {
      id: 'a',
      start: 1 * second,
      duration: 3n * ms,
      status: 'ok',
      span: { n: 4n, f: 0.5, k: 'x' },
    },
    {
      id: 'b',
      parent: 'a',
      start: 10 * second,
      duration: 9n * ms,
      status: 'ok',
      span: { n: 8n, k: 'y' },
    },
  ],
  [
    {
      id: 'c',
      trace: '2',
      start: 11 * second,
      duration: 100n * ms,
      status: 'error',
      span: { n: 16n, k: 'x' },
    },
    {
      id: 'd',
      trace: '2',
      parent: 'c',
      start: 30 * second,
      duration: 1n,
      status: 'ok',
      span: { n: '1' },
    },
    { id: 'e', trace: '2', parent: 'c', start: 30 * second + 1, duration: 1n, span: { n: 1n } },
  ],
]

describe('functions', () => {
  test.each([
    ['{ } | count_over_time()', ['__name__=count_over_time: 2 1 1']],
    ['{ } | rate()', ['__name__=rate: 0.2 0.1 0.1']],
    ['{ name = "none" } | rate()', ['__name__=rate: 0 0 0']],
    ['{ name = "none" } | rate() by (status)', []],
    ['{ } | count_over_time() by (status)', ['status=error: 0 1 0', 'status=ok: 2 0 1']],
    [
      '{ } | count_over_time() by (span.k, status)',
      [
        'span.k=x status=error: 0 1 0',
        'span.k=x status=ok: 1 0 0',
        'span.k=y status=ok: 1 0 0',
        'status=ok: 0 0 1',
      ],
    ],
    ['{ span.k = nil } | count_over_time() by (span.k)', ['span.k=undefined: 0 0 1']],
    ['{ } | sum_over_time(span.n)', ['__name__=sum_over_time: 12 16 -']],
    ['{ } | min_over_time(span.n)', ['__name__=min_over_time: 4 16 -']],
    ['{ } | max_over_time(span.n) by (span.k)', ['span.k=x: 4 16 -', 'span.k=y: 8 - -']],
    ['{ } | avg_over_time(span.n)', ['__name__=avg_over_time: 6 16 -']],
    ['{ } | max_over_time(duration)', ['__name__=max_over_time: 0.009 0.1 1e-9']],
    ['{ } | sum_over_time(span.none)', []],
    [
      '{ } | histogram_over_time(span.n)',
      ['__bucket=16: 0 1 0', '__bucket=4: 1 0 0', '__bucket=8: 1 0 0'],
    ],
    ['{ } | histogram_over_time(span.f) by (status)', ['status=ok __bucket=0.5: 1 0 0']],
    // A nanosecond is below the least bucket.
    [
      '{ } | histogram_over_time(duration)',
      ['__bucket=0.004194304: 1 0 0', '__bucket=0.016777216: 1 0 0', '__bucket=0.134217728: 0 1 0'],
    ],
    ['{ } | quantile_over_time(span.n, .5, 1)', ['p=0.5: 4 16 0', 'p=1: 8 16 0']],
    ['{ } > { } | count_over_time()', ['__name__=count_over_time: 1 0 1']],
    ['{ } | by(status) | count() > 1 | count_over_time()', ['__name__=count_over_time: 2 0 0']],
  ])('%s', (text, expected) => {
    expect(shown(evaluate(text, traces))).toEqual(expected)
  })
})

describe('second stages', () => {
  test.each([
    [
      '{ } | count_over_time() by (span.k) | topk(1)',
      ['span.k=x: 1 1 -', 'span.k=undefined: - - 1'],
    ],
    [
      '{ } | count_over_time() by (span.k) | bottomk(1)',
      ['span.k=x: - - 0', 'span.k=y: - 0 -', 'span.k=undefined: 0 - -'],
    ],
    ['{ } | count_over_time() > 1', ['__name__=count_over_time: 2 - -']],
    ['{ } | count_over_time() != 1', ['__name__=count_over_time: 2 - -']],
    ['{ } | max_over_time(duration) >= 100ms', ['__name__=max_over_time: - 0.1 -']],
    ['{ } | count_over_time() by (status) | topk(1) > 1', ['status=ok: 2 - -']],
  ])('%s', (text, expected) => {
    expect(shown(evaluate(text, traces))).toEqual(expected)
  })
})

describe('arithmetic', () => {
  test.each([
    [
      '({ status = error } | count_over_time()) / ({ } | count_over_time())',
      ['__name__=(count_over_time / count_over_time): 0 1 0'],
    ],
    ['({ } | rate()) * 10', ['__name__=rate: 2 1 1']],
    ['7 / 2 - ({ } | count_over_time())', ['__name__=count_over_time: 1 2 2']],
    ['({ } | count_over_time()) / 0', []],
    [
      '({ } | count_over_time() by (status)) / ({ } | count_over_time())',
      ['status=error: 0 1 0', 'status=ok: 1 0 1'],
    ],
    [
      '({ status = ok } | count_over_time() by (status)) + ({ } | sum_over_time(span.n) by (status))',
      ['status=ok: 14 - -'],
    ],
    [
      '({ } | sum_over_time(span.n)) + ({ } | rate()) > 16',
      ['__name__=(sum_over_time + rate): - 16.1 -'],
    ],
  ])('%s', (text, expected) => {
    expect(shown(evaluate(text, traces))).toEqual(expected)
  })
})

describe('compare', () => {
  test('values of the selection and of all others, with totals', () => {
    const series = shown(evaluate('{ } | compare({ status = error })', traces))
    expect(series).toEqual(
      expect.arrayContaining([
        '__meta_type=selection span.k=x: 0 1 0',
        '__meta_type=baseline span.k=x: 1 0 0',
        '__meta_type=baseline span.k=y: 1 0 0',
        '__meta_type=baseline_total span.k=undefined: 2 0 0',
        '__meta_type=selection_total status=undefined: 0 1 0',
        '__meta_type=baseline_total status=undefined: 2 0 1',
      ]),
    )
    expect(series.join()).not.toMatch(/duration|statusMessage|__meta_error/)
  })

  test('only so many values are kept apart', () => {
    const series = shown(evaluate('{ } | compare({ false }, 1)', traces))
    const ofK = series.filter((line) => line.includes('span.k'))
    expect(ofK).toEqual([
      '__meta_error=__too_many_values__ span.k=undefined: 0 0 0',
      '__meta_type=baseline span.k=x: 1 1 0',
      '__meta_type=baseline_total span.k=undefined: 2 1 0',
    ])
  })

  test('an attribute that is different for every span has so many values, and leaves others room', () => {
    const ids = Array.from({ length: 600 }, (_, i) => ({
      id: `${i}`,
      start: second,
      span: { i: BigInt(i), k: 'x' },
    }))
    const query = parseMetrics('{ } | compare({ false }, 1)')
    const [parts] = partsOf(query, [ids.slice(0, 300), ids.slice(300)])
    const values = [...(parts?.series.keys() ?? [])].filter((key) => key.includes('span.i='))
    expect(values).toHaveLength(500 + 1)
    const series = shown(evaluate('{ } | compare({ false }, 1)', [ids]))
    expect(series).toContain('__meta_error=__too_many_values__ span.i=undefined: 0 0 0')
    expect(series).toContain('__meta_type=baseline_total span.i=undefined: 600 0 0')
    expect(series).toContain('__meta_type=baseline span.k=x: 600 0 0')
  })

  test('the selection has a window', () => {
    const text = `{ } | compare({ true }, 10, ${10 * second}, ${11 * second})`
    expect(shown(evaluate(text, traces))).toContain(
      '__meta_type=selection_total span.k=undefined: 1 0 0',
    )
  })
})

describe('exemplars', () => {
  test('one span of each trace stands at the point it is in', () => {
    const [series] = evaluate('{ } | count_over_time()', traces)
    expect(
      series?.exemplars.map(({ spanId, index, value }) => [spanId.at(-1), index, value]),
    ).toEqual([
      ['a', 0, 2],
      ['c', 1, 1],
    ])
  })

  test('with the number that the function is of', () => {
    const [series] = evaluate('{ } | max_over_time(duration)', traces)
    expect(series?.exemplars.map(({ value }) => value)).toEqual([0.003, 0.1])
  })

  test('not more than a few at one point', () => {
    const many = Array.from({ length: 20 }, (_, i) => [{ id: 'a', trace: `${i}`, start: second }])
    const [series] = evaluate('{ } | rate()', many)
    expect(series?.exemplars).toHaveLength(2)
  })
})

describe('parts', () => {
  const text = fc.constantFrom(
    '{ } | rate() by (.p)',
    '{ .p = 1 } | count_over_time()',
    '{ } | min_over_time(span.p) by (status)',
    '{ } | max_over_time(event.q)',
    '{ } | sum_over_time(duration) by (.q, name)',
    '{ } | quantile_over_time(span.p, .1, .9) by (kind)',
    '{ } | histogram_over_time(duration)',
    '{ } | avg_over_time(span.p) | topk(1)',
    '{ } | compare({ status = error }, 2)',
    '({ } | rate() by (.p)) / ({ .q != nil } | rate() by (.p))',
  )
  const startOf = (trace: Trace, starts: readonly number[]) =>
    trace.map((span, i) => ({ ...span, start: (starts[i % starts.length] ?? 0) * second }))
  const trace = fc
    .tuple(arbitraryTrace(), fc.array(fc.nat(32), { minLength: 1, maxLength: 10 }))
    .map(([spans, starts]) => startOf(spans, starts))

  test('merged in any order, through a clone, they say what one evaluation of all says', () => {
    const property = fc.property(
      text,
      fc.array(trace, { maxLength: 8 }),
      fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
      (query, all, places) => {
        const parsed = parseMetrics(query)
        const merged = seriesOf(parsed.expression).map(() => emptyParts())
        for (const place of [2, 0, 1]) {
          const own = all.filter((_, i) => places[i] === place)
          partsOf(parsed, own).forEach((parts, i) => {
            mergeParts(merged[i] ?? emptyParts(), structuredClone(parts))
          })
        }
        const series = shown(finishMetrics(parsed.expression, merged, intervals))
        expect(series).toEqual(shown(evaluate(query, all)))
      },
    )
    fc.assert(property, { numRuns: 1_000 })
  })

  test('every span in the range is counted once', () => {
    const property = fc.property(fc.array(trace, { maxLength: 5 }), (all) => {
      const starts = all.flat().map(({ start = 0 }) => start)
      const expected = [0, 1, 2].map(
        (i) => starts.filter((ns) => ns > i * 10 * second && ns <= (i + 1) * 10 * second).length,
      )
      const groups = evaluate('{ } | count_over_time() by (.p)', all)
      const sums = [0, 1, 2].map((i) =>
        groups.reduce((sum, { values }) => sum + (values[i] ?? 0), 0),
      )
      expect(sums).toEqual(expected)
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('too many series are left out, and it is said', () => {
    const many = [
      Array.from({ length: 20_001 }, (_, i) => ({
        id: `${i}`,
        start: second,
        span: { i: BigInt(i) },
      })),
    ]
    const [parts] = partsOf(parseMetrics('{ } | rate() by (span.i)'), many)
    expect(parts?.series.size).toBe(20_000)
    expect(parts?.isTruncated).toBe(true)
    const merged = emptyParts()
    if (parts !== undefined) mergeParts(merged, parts)
    expect(merged.isTruncated).toBe(true)
  })
})
