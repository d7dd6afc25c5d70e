import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

type Fields = Partial<Span> & { readonly service?: string }

function span(trace: number, id: number, fields: Fields = {}): Span {
  const startNs = nowNs - BigInt(trace) * 1_000_000_000n + BigInt(id)
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + 5_000_000n, ...own, ...fields })
}

const code = (value: bigint): KeyValue => ({
  key: 'http.status_code',
  value: { kind: 'int', value },
})

async function opened(...flushes: readonly (readonly Span[])[]) {
  const world = lookupWorld()
  for (const spans of flushes) await world.flush(world.envelope(spans))
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const access = openAccess('acme')
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  const search = (parameters: Record<string, string>) =>
    app.request(`/tempo/api/search?${new URLSearchParams(parameters)}`)
  return { world, search }
}

interface Answer {
  readonly traces: readonly {
    readonly traceID: string
    readonly spanSets: readonly { readonly spans: readonly { readonly name: string }[] }[]
  }[]
  readonly metrics: Readonly<Record<string, unknown>>
}

async function jsonOf(response: Response | Promise<Response>): Promise<Answer> {
  const got = await response
  expect(got.status, await got.clone().text()).toBe(200)
  return (await got.json()) as Answer
}

const found = async (response: Response | Promise<Response>) =>
  (await jsonOf(response)).traces.map(({ traceID }) => Number.parseInt(traceID.slice(24), 16))

test('a trace in two files is one result, in the words that strict decoders know', async () => {
  const { search } = await opened(
    [span(1, 1, { name: 'GET /', attributes: [code(500n)], kind: 2 })],
    [
      span(1, 2, {
        parentSpanId: spanId(1),
        service: 'db',
        attributes: [code(500n)],
        statusCode: 2,
      }),
      span(2, 1, { attributes: [code(200n)] }),
    ],
  )
  const q = '{ span.http.status_code = 500 } | by(status) | select(kind, resource.service.name)'
  const { traces, metrics } = await jsonOf(search({ q, spss: '1' }))
  const [status, statusCode] = ['status', 'http.status_code']
  const start = (id: bigint) => String(nowNs - 1_000_000_000n + id)
  const spanJson = (id: number, name: string, shown: readonly string[]) => ({
    spanID: hexOf(spanId(id)),
    name,
    startTimeUnixNano: start(BigInt(id)),
    durationNanos: '5000000',
    attributes: [
      { key: statusCode, value: { intValue: '500' } },
      { key: status, value: { stringValue: shown[0] } },
      { key: 'kind', value: { stringValue: shown[1] } },
      { key: 'service.name', value: { stringValue: shown[2] } },
    ],
  })
  expect(traces).toEqual([
    {
      traceID: hexOf(traceId(1)),
      rootServiceName: 'cart',
      rootTraceName: 'GET /',
      startTimeUnixNano: start(1n),
      durationMs: 5,
      spanSets: [
        {
          spans: [spanJson(1, 'GET /', ['unset', 'server', 'cart'])],
          matched: 1,
          attributes: [{ key: 'by(status)', value: { stringValue: 'unset' } }],
        },
        {
          spans: [spanJson(2, 'op 2', ['error', 'internal', 'db'])],
          matched: 1,
          attributes: [{ key: 'by(status)', value: { stringValue: 'error' } }],
        },
      ],
      serviceStats: { cart: { spanCount: 1 }, db: { spanCount: 1, errorCount: 1 } },
    },
  ])
  expect(metrics).toMatchObject({
    inspectedTraces: 1,
    inspectedSpans: '3',
    totalBlocks: 2,
    additionalMetrics: { complete: '1', filesRead: '2', rowGroupsRead: '2' },
  })
})

test('the newest come first, up to the limit, within the range', async () => {
  const { search } = await opened([1, 2, 3, 4, 5].map((trace) => span(trace, trace)))
  expect(await found(search({ q: '{}', limit: '3' }))).toEqual([1, 2, 3])
  const second = Math.floor(nowMs / 1_000)
  const range = { start: String(second - 4), end: String(second - 1) }
  expect(await found(search({ q: '{}', ...range }))).toEqual([2, 3, 4])
})

test('a root that is not there is not yet received', async () => {
  const { search } = await opened([span(1, 2, { parentSpanId: spanId(1) })])
  const { traces } = await jsonOf(search({ q: '{}' }))
  expect(traces).toMatchObject([{ rootServiceName: '<root span not yet received>' }])
})

test('a value of no type that TraceQL knows, durations and aggregates', async () => {
  const { search } = await opened([
    span(1, 1, {
      attributes: [
        { key: 'list', value: { kind: 'array', values: [{ kind: 'int', value: 1n }] } },
        { key: 'ratio', value: { kind: 'double', value: 0.5 } },
        { key: 'map', value: { kind: 'map', entries: [] } },
      ],
    }),
  ])
  const q = '{} | by(.gone) | max(duration) > 1ms | select(.list, .ratio, .map, name, rootName)'
  const { traces } = await jsonOf(search({ q }))
  expect(traces).toMatchObject([
    {
      spanSets: [
        {
          spans: [
            {
              attributes: [
                { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }] } } },
                { key: 'ratio', value: { doubleValue: 0.5 } },
              ],
            },
          ],
          attributes: [
            { key: 'by(.gone)', value: { stringValue: 'nil' } },
            { key: 'max(duration)', value: { stringValue: '5ms' } },
          ],
        },
      ],
    },
  ])
})

test('a key has one type in a reply: numbers are told as texts beside texts', async () => {
  const { search } = await opened([
    span(1, 1, { attributes: [code(500n), { key: 'x', value: { kind: 'int', value: 1n } }] }),
    span(2, 1, {
      attributes: [
        { key: 'http.status_code', value: { kind: 'string', value: 'none' } },
        { key: 'x', value: { kind: 'double', value: 0.5 } },
      ],
    }),
    span(3, 1, {
      attributes: [{ key: 'http.status_code', value: { kind: 'bool', value: true } }],
    }),
  ])
  const shown = async (q: string) =>
    (await jsonOf(search({ q }))).traces.flatMap(({ spanSets }) =>
      spanSets.flatMap(({ spans }) => spans.map((one) => (one as never as Shown).attributes)),
    )
  interface Shown {
    readonly attributes: unknown
  }
  const all = await shown('{ span.http.status_code != nil } | select(span.x)')
  const status = (stringValue: string) => ({ key: 'http.status_code', value: { stringValue } })
  expect(all).toEqual([
    [status('500'), { key: 'x', value: { intValue: '1' } }],
    [status('none'), { key: 'x', value: { doubleValue: 0.5 } }],
    [status('true')],
  ])
  expect(await shown('{ span.http.status_code = 500 }')).toEqual([
    [{ key: 'http.status_code', value: { intValue: '500' } }],
  ])
})

test('the older form: tags are parts of values in any case, or numbers, on one span', async () => {
  const { search } = await opened([
    span(1, 1, { service: 'Checkout', attributes: [code(500n)] }),
    span(2, 1, { service: 'checkout-v2', attributes: [code(200n)], statusCode: 2 }),
    span(3, 1, { service: 'a.b', name: 'GET /x' }),
  ])
  const by = (tags: string) => found(search({ tags }))
  expect(await by('service.name=checkout')).toEqual([1, 2])
  expect(await by('service.name=CHECK http.status_code=500')).toEqual([1])
  expect(await by('error=true')).toEqual([2])
  expect(await by('status.code=error')).toEqual([2])
  expect(await by('name="get /X"')).toEqual([3])
  expect(await by('service.name=a.b')).toEqual([3])
  expect(await by('service.name=axb')).toEqual([])
  expect(await found(search({ 'service.name': 'v2', limit: '5' }))).toEqual([2])
})

test('the older form: durations are those of the trace', async () => {
  const late = nowNs - 1_000_000_000n + 2_000_000_000n
  const { search } = await opened([
    span(1, 1),
    span(1, 2, { startNs: late, endNs: late + 1n }),
    span(2, 1),
  ])
  expect(await found(search({ minDuration: '1.5s' }))).toEqual([1])
  expect(await found(search({ maxDuration: '100ms' }))).toEqual([2])
})

test.each<[Record<string, string>, string]>([
  [{ q: '{ span.x = }' }, 'traceql'],
  [{ q: '{ 1 = "a" }' }, 'traceql'],
  [{ q: '{} | rate()' }, 'metrics'],
  [{ q: '{}', tags: 'a=b' }, 'both'],
  [{ tags: 'a=b a=c' }, 'once'],
  [{ tags: 'a="b' }, 'logfmt'],
  [{ minDuration: '2s', maxDuration: '1s' }, 'maxDuration'],
  [{ minDuration: 'long' }, 'minDuration'],
  [{ limit: '0' }, 'limit'],
  [{ limit: '1001' }, 'limit'],
  [{ limit: 'x' }, 'limit'],
  [{ spss: '101' }, 'spss'],
  [{ start: '20', end: '10' }, 'end'],
  [{ start: '20' }, 'end'],
  [{ start: 'now', end: '10' }, 'start'],
])('%j is refused in plain text', async (parameters, word) => {
  const { search } = await opened()
  const response = await search(parameters)
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toMatch('text/plain')
  expect(await response.text()).toContain(word)
})

test('a broken file makes the answer incomplete, by name', async () => {
  const { world, search } = await opened([span(1, 1)], [span(2, 1)])
  const [key] = (await world.keys()) as [string]
  const body = (await world.store.get(key))!.body
  body.fill(0xff, 4, 200)
  await world.store.put(key, body, { kind: 'overwrite' })
  const response = await search({ q: '{}' })
  expect(response.headers.get('x-spanlake-incomplete')).toContain(key)
  const { traces, metrics } = await jsonOf(response)
  expect(traces).toHaveLength(1)
  expect(metrics).toMatchObject({ additionalMetrics: { complete: '0' } })
})
