import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { openFile } from '../../query/search/open-file.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowMs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

/** A full minute, three of them before now. */
const startS = Math.floor(nowMs / 60_000) * 60 - 180
const range = { start: String(startS), end: String(startS + 180), step: '60s' }
const points = [0, 60, 120, 180].map((second) => String((startS + second) * 1_000))

type Fields = Partial<Span> & { readonly service?: string; readonly ms?: number }

/** A span that starts so many seconds after the first minute begins. */
function span(trace: number, id: number, second: number, { ms = 1, ...fields }: Fields): Span {
  const startNs = BigInt(startS + second) * 1_000_000_000n
  const own = { traceId: traceId(trace), spanId: spanId(trace * 10 + id), name: `op ${id}` }
  return someSpan({ ...own, startNs, endNs: startNs + BigInt(ms) * 1_000_000n, ...fields })
}

const server = 2
const error = 2
const code = (value: bigint) => [
  { key: 'http.status_code', value: { kind: 'int', value } } as const,
]

/** Two pages of the front end that ask the cart, one of which fails there; later the cart alone. */
const spans = [
  span(1, 1, 10, { service: 'front', ms: 100, kind: server, attributes: code(200n) }),
  span(1, 2, 11, { service: 'cart', ms: 50, parentSpanId: spanId(11), statusCode: error }),
  span(2, 1, 70, { service: 'front', ms: 200, kind: server, attributes: code(500n) }),
  span(2, 2, 71, { service: 'cart', ms: 30, parentSpanId: spanId(21) }),
  span(3, 1, 130, { service: 'cart', ms: 400, kind: server, statusCode: error }),
]

async function opened(...flushes: readonly (readonly Span[])[]) {
  const world = lookupWorld()
  for (const flushed of flushes) await world.flush(world.envelope(flushed))
  return asking(world)
}

function asking(world: LookupWorld) {
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const access = openAccess('acme')
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  const ask = (path: string, parameters: Record<string, string>) =>
    app.request(`/tempo/api/metrics/${path}?${new URLSearchParams(parameters)}`)
  return {
    world,
    ask,
    range: async (q: string, parameters = {}) =>
      jsonOf(await ask('query_range', { q, ...range, ...parameters })),
    instant: async (q: string, parameters = {}) =>
      jsonOf(await ask('query', { q, ...range, ...parameters })),
  }
}

interface Answer {
  readonly series: readonly {
    readonly labels: readonly { readonly key: string; readonly value: object }[]
    readonly samples?: readonly { readonly timestampMs: string; readonly value: number }[]
    readonly value?: number
    readonly exemplars?: readonly unknown[]
  }[]
  readonly metrics: Readonly<Record<string, unknown>>
  readonly status?: string
  readonly message?: string
}

async function jsonOf(response: Response): Promise<Answer> {
  expect(response.status, await response.clone().text()).toBe(200)
  return (await response.json()) as Answer
}

/** `key=value` of each label with its one value, and how many there are at each point. */
function shown({ series }: Answer): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    series.map(({ labels, samples, value }) => [
      labels.map((label) => `${label.key}=${Object.values(label.value)[0]}`).join(' '),
      samples === undefined ? value : Object.fromEntries(samples.map(pointOf)),
    ]),
  )
}

function pointOf({ timestampMs, value }: { timestampMs: string; value: number }) {
  return [Number(timestampMs) / 1_000 - startS, +value.toPrecision(6)]
}

const text = (stringValue: string) => ({ stringValue })

test('a range in the words that decoders know: typed labels, times as text, no other keys', async () => {
  const { range: ask } = await opened(spans.slice(0, 2), spans.slice(2))
  const { series, metrics, ...rest } = await ask(
    '{ } | count_over_time() by (span.http.status_code, status)',
  )
  const points4 = (...values: readonly number[]) =>
    values.map((value, i) => ({ timestampMs: points[i], value }))
  expect(series).toEqual([
    {
      labels: [
        { key: 'span.http.status_code', value: { intValue: '200' } },
        { key: 'status', value: text('unset') },
      ],
      samples: points4(0, 1, 0, 0),
    },
    {
      labels: [
        { key: 'span.http.status_code', value: { intValue: '500' } },
        { key: 'status', value: text('unset') },
      ],
      samples: points4(0, 0, 1, 0),
    },
    { labels: [{ key: 'status', value: text('error') }], samples: points4(0, 1, 0, 1) },
    { labels: [{ key: 'status', value: text('unset') }], samples: points4(0, 0, 1, 0) },
  ])
  expect(rest).toEqual({})
  expect(metrics).toMatchObject({
    totalBlocks: 2,
    inspectedSpans: '5',
    additionalMetrics: { complete: '1', filesRead: '2' },
  })
})

test('one value for the whole range', async () => {
  const { ask, instant } = await opened(spans)
  const { metrics, ...answer } = await instant('{ } | rate()', { step: '15', exemplars: '100' })
  expect(answer).toEqual({
    series: [{ labels: [{ key: '__name__', value: text('rate') }], value: 5 / 180 }],
  })
  expect(metrics).toMatchObject({ inspectedSpans: '5' })
  // The data source's older name of the query.
  const older = await ask('query', { query: '{ } | count_over_time()', ...range })
  expect(shown(await jsonOf(older))).toEqual({ '__name__=count_over_time': 5 })
})

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['{} | rate()', { '__name__=rate': { 0: 0, 60: 0.0333333, 120: 0.0333333, 180: 0.0166667 } }],
  [
    '{nestedSetParent<0 && true && resource.service.name != nil} | rate() by(resource.service.name)',
    {
      'resource.service.name=cart': { 0: 0, 60: 0, 120: 0, 180: 0.0166667 },
      'resource.service.name=front': { 0: 0, 60: 0.0166667, 120: 0.0166667, 180: 0 },
    },
  ],
  [
    '{nestedSetParent<0 && status=error} | rate() by(resource.service.name) with(sample=true)',
    { 'resource.service.name=cart': { 0: 0, 60: 0, 120: 0, 180: 0.0166667 } },
  ],
  [
    '{kind=server && span.http.status_code != nil} | count_over_time() by(span.http.status_code)',
    {
      'span.http.status_code=200': { 0: 0, 60: 1, 120: 0, 180: 0 },
      'span.http.status_code=500': { 0: 0, 60: 0, 120: 1, 180: 0 },
    },
  ],
  [
    // 100 ms and 50 ms, then 200 ms and 30 ms, then 400 ms, as powers of two of nanoseconds.
    '{true} | histogram_over_time(duration) with(sample=true)',
    {
      [`__bucket=${2 ** 25 / 1e9}`]: { 0: 0, 60: 0, 120: 1, 180: 0 },
      [`__bucket=${2 ** 26 / 1e9}`]: { 0: 0, 60: 1, 120: 0, 180: 0 },
      [`__bucket=${2 ** 27 / 1e9}`]: { 0: 0, 60: 1, 120: 0, 180: 0 },
      [`__bucket=${2 ** 28 / 1e9}`]: { 0: 0, 60: 0, 120: 1, 180: 0 },
      [`__bucket=${2 ** 29 / 1e9}`]: { 0: 0, 60: 0, 120: 0, 180: 1 },
    },
  ],
  [
    '{kind=server} | quantile_over_time(duration, .9, .5) by(resource.service.name)',
    {
      'resource.service.name=cart p=0.5': { 0: 0, 60: 0, 120: 0, 180: 0.536871 },
      'resource.service.name=cart p=0.9': { 0: 0, 60: 0, 120: 0, 180: 0.536871 },
      'resource.service.name=front p=0.5': { 0: 0, 60: 0.134218, 120: 0.268435, 180: 0 },
      'resource.service.name=front p=0.9': { 0: 0, 60: 0.134218, 120: 0.268435, 180: 0 },
    },
  ],
  [
    '{ } | max_over_time(duration) by (resource.service.name)',
    {
      'resource.service.name=cart': { 60: 0.05, 120: 0.03, 180: 0.4 },
      'resource.service.name=front': { 60: 0.1, 120: 0.2 },
    },
  ],
  ['{ } | count_over_time() > 1', { '__name__=count_over_time': { 60: 2, 120: 2 } }],
  [
    '{ } | count_over_time() by (resource.service.name) | topk(1)',
    {
      'resource.service.name=cart': { 0: 0, 60: 1, 120: 1, 180: 1 },
    },
  ],
  [
    '({ status = error } | count_over_time()) / ({ } | count_over_time())',
    { '__name__=(count_over_time / count_over_time)': { 60: 0.5, 120: 0, 180: 1 } },
  ],
  // Of whole traces: by structure, by what the trace is, by what is counted of it.
  [
    '{ resource.service.name = "front" } >> { status = error } | count_over_time()',
    { '__name__=count_over_time': { 0: 0, 60: 1, 120: 0, 180: 0 } },
  ],
  [
    '{ rootServiceName = "cart" } | count_over_time() by (rootName)',
    { 'rootName=op 1': { 0: 0, 60: 0, 120: 0, 180: 1 } },
  ],
  [
    '{ } | count() > 1 | count_over_time()',
    { '__name__=count_over_time': { 0: 0, 60: 2, 120: 2, 180: 0 } },
  ],
  ['{ name = "none" } | rate() by (name)', {}],
])('%s', async (q, expected) => {
  const fresh = await opened(spans.slice(0, 1), spans.slice(1))
  expect(shown(await fresh.range(q))).toEqual(expected)
  await compactStep('acme', fresh.world.runtime, readCache(), { now: true })
  expect(shown(await asking(fresh.world).range(q))).toEqual(expected)
})

test('a comparison: a step of the whole range is one point for each value', async () => {
  const { range: ask } = await opened(spans)
  const answer = await ask('{true} | compare({status = error})', { step: '180s' })
  expect(answer.series[0]?.samples?.[0]?.timestampMs).toBe(points[3])
  expect(shown(answer)).toMatchObject({
    '__meta_type=selection resource.service.name=cart': { 180: 2 },
    '__meta_type=selection_total resource.service.name=nil': { 180: 2 },
    '__meta_type=baseline resource.service.name=front': { 180: 2 },
    '__meta_type=baseline resource.service.name=cart': { 180: 1 },
    '__meta_type=baseline_total resource.service.name=nil': { 180: 3 },
    '__meta_type=selection rootServiceName=front': { 180: 1 },
    '__meta_type=selection rootServiceName=cart': { 180: 1 },
    '__meta_type=baseline span.http.status_code=500': { 180: 1 },
    '__meta_type=selection kind=server': { 180: 1 },
  })
})

test('exemplars lead to traces, and cost nothing where nobody asks for them', async () => {
  const { range: ask } = await opened(spans)
  const q = '{ resource.service.name = "cart" } | max_over_time(duration)'
  const { series } = await ask(q, { exemplars: '100' })
  const exemplar = (trace: number, second: number, value: number) => ({
    labels: [{ key: 'trace:id', value: text(hexOf(traceId(trace))) }],
    value,
    timestampMs: String((startS + second) * 1_000),
  })
  const all = [exemplar(1, 11, 0.05), exemplar(2, 71, 0.03), exemplar(3, 130, 0.4)]
  expect(series[0]?.exemplars).toEqual(all)
  expect((await ask(`${q} with (exemplars=true)`)).series[0]?.exemplars).toEqual(all)
  expect((await ask(`${q} with (exemplars=2)`)).series[0]?.exemplars).toHaveLength(2)
  const none = await ask(`${q} with (exemplars=false)`, { exemplars: '100' })
  expect(none.series[0]).not.toHaveProperty('exemplars')
  expect((await ask(q)).series[0]).not.toHaveProperty('exemplars')
  // Of counts they stand at the count.
  const counts = await ask('{ } | count_over_time()', { exemplars: '1' })
  expect(counts.series[0]?.exemplars).toMatchObject([{ value: 2 }])
})

test('more series than asked for are left out, and it is said', async () => {
  const { range: ask } = await opened(spans)
  const answer = await ask('{ } | rate() by (resource.service.name)', { maxSeries: '1' })
  expect(answer.series).toHaveLength(1)
  expect(answer).toMatchObject({
    status: 'PARTIAL',
    message: 'query has 2 series, the answer holds 1',
  })
})

test('a broken file makes the answer partial, by name', async () => {
  const { world, range: ask } = await opened(spans.slice(0, 2), spans.slice(2))
  const [key] = (await world.keys()) as [string]
  const body = (await world.store.get(key))!.body
  // What is not read is not missed.
  const { file } = await openFile(key, world.runtime, readCache().index)
  const chunk = file.groups[0]?.chunks.get('resource_service_name')
  body.fill(0xff, chunk?.offset, (chunk?.offset ?? 0) + (chunk?.bytes ?? 0))
  await world.store.put(key, body, { kind: 'overwrite' })
  const answer = await ask('{ } | count_over_time() by (resource.service.name)')
  expect(answer.status).toBe('PARTIAL')
  expect(answer.message).toContain(key)
  expect(answer.series.length).toBeGreaterThan(0)
})

test('times in every form mean the same, and a step is chosen where none is named', async () => {
  const { ask } = await opened(spans)
  const get = async (parameters: Record<string, string>) =>
    jsonOf(await ask('query_range', { q: '{ } | count_over_time()', ...parameters }))
  const iso = (second: number) => new Date((startS + second) * 1_000).toISOString()
  const expected = await get(range)
  for (const [start, end] of [
    [`${startS}000000000`, `${startS + 180}000000000`],
    [`${startS}.0`, `${startS + 180}.`],
    [iso(0), iso(180).replace('.000Z', '+00:00')],
  ] as const) {
    expect((await get({ start, end, step: '60' })).series).toEqual(expected.series)
  }
  const { start, end } = range
  // 180 s in 240 steps: no less than a second.
  const chosen = await get({ start, end })
  expect(chosen.series[0]?.samples).toHaveLength(181)
  const since = await get({ end, since: '3m', step: '60s' })
  expect(since.series).toEqual(expected.series)
  // Without any, the last hour.
  expect((await get({ step: '10m' })).series[0]?.samples).toHaveLength(8)
})

test('as many quantiles as there may be', async () => {
  const { instant } = await opened(spans)
  const answer = await instant(`{ } | quantile_over_time(duration${', .5'.repeat(16)})`)
  expect(answer.series).toHaveLength(16)
})

test('an answer has only so many points', async () => {
  const { range: ask } = await opened(
    Array.from({ length: 30 }, (_, i) => span(i + 1, 1, 10, { name: `name ${i}` })),
  )
  const more = { end: String(startS + 19_000), step: '1s' }
  const answer = await ask('{ } | rate() by (name)', more)
  expect(answer.series).toHaveLength(26)
  expect(answer.message).toBe('query has 30 series, the answer holds 26')
})

test.each<[Record<string, string>, string]>([
  [{ q: '' }, 'traceql'],
  [{ q: '{ } | rate(' }, 'traceql'],
  [{ q: '{ }' }, 'metrics query'],
  [{ q: '{ } | rate() by (1)' }, 'traceql'],
  [{ q: '{ } | rate()', step: '0' }, 'step'],
  [{ q: '{ } | rate()', step: '-1s' }, 'step'],
  [{ q: '{ } | rate()', step: 'soon' }, 'step'],
  [{ q: '{ } | rate()', step: '1ms' }, 'steps'],
  [{ q: '{ } | rate()', start: '20', end: '10' }, 'end'],
  [{ q: '{ } | rate()', start: '1', end: '1700000000', step: '200d' }, 'hours'],
  [{ q: '{ } | rate()', start: 'now' }, 'start'],
  [{ q: '{ } | rate()', end: '2026-13-01T00:00:00Z' }, 'end'],
  [{ q: '{ } | rate()', start: '', end: '10' }, '1970'],
  [{ q: '{ } | rate()', exemplars: '-1' }, 'exemplars'],
  [{ q: '{ } | rate()', maxSeries: 'x' }, 'maxSeries'],
  [{ q: '{ } | compare({ true }, 2000)' }, 'compare'],
  [{ q: `{ } | quantile_over_time(duration${', .5'.repeat(17)})` }, 'at most 16 quantiles'],
])('%j is refused in plain text', async (parameters, word) => {
  const { ask } = await opened()
  const response = await ask('query_range', { ...range, ...parameters })
  expect(response.status, await response.clone().text()).toBe(400)
  expect(response.headers.get('content-type')).toMatch('text/plain')
  expect(await response.text()).toContain(word)
})
