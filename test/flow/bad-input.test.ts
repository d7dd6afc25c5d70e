import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apiApp } from '../helpers/api-app.ts'
import { jaegerErrorShape } from '../helpers/jaeger-shapes.ts'

const app = await apiApp()
const id = '5b8efff798038103d269b633813fc60c'

const paths = [
  ...['echo', 'status/buildinfo', 'search', 'search/tags', 'v2/search/tags', `traces/${id}`].map(
    (path) => `/tempo/api/${path}`,
  ),
  ...['search/tag/service.name/values', 'v2/search/tag/resource.service.name/values'].map(
    (path) => `/tempo/api/${path}`,
  ),
  ...[`v2/traces/${id}`, 'metrics/query_range', 'metrics/query', 'nothing'].map(
    (path) => `/tempo/api/${path}`,
  ),
  ...['services', 'operations', 'services/frontend/operations', 'traces', `traces/${id}`].map(
    (path) => `/jaeger/api/${path}`,
  ),
  ...['dependencies', 'metrics/latencies', 'metrics/minstep', 'v3/services', 'v3/operations'].map(
    (path) => `/jaeger/api/${path}`,
  ),
  ...['v3/traces', `v3/traces/${id}`, 'v3/trace-summaries', 'v3/dependencies', 'nothing'].map(
    (path) => `/jaeger/api/${path}`,
  ),
  '/jaeger/api/v3/nothing',
]

const names = [
  ...['q', 'query', 'start', 'end', 'limit', 'spss', 'tags', 'minDuration', 'maxDuration', 'since'],
  ...['step', 'exemplars', 'maxSeries', 'scope', 'service', 'operation', 'tag', 'raw', 'lookback'],
  ...['endTs', 'traceID', 'spanKind', 'query.startTimeMin', 'query.startTimeMax', 'prettyPrint'],
  ...[
    'query.searchDepth',
    'query.attributes',
    'query.durationMin',
    'query.num_traces',
    'rawTraces',
  ],
  ...['query.rawTraces', 'query.filter', 'startTime', 'endTime', 'quantile', 'mode'],
]

/** As they stand in a URL, broken ones too. */
const values = [
  ...['', '0', '-1', '1', '20', '99999999999999999999', '1e999', 'NaN', 'null', '[]', 'true'],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551616',
    '1s',
    '-1s',
    '9999999h',
  ],
  ...[
    '2025-11-20T16:00:00Z',
    '9999-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '2025-02-30T00:00:00Z',
  ],
  ...['%', '%zz', '%ff%fe', '%ed%a0%80', '%00', '\u{1F98A}', '%7B%7D', '%7B', '%7B%22a%22%3A1%7D'],
  ...['a=b+a=c', 'a%3D%22', 'x'.repeat(100_000), '('.repeat(10_000), '%7B'.repeat(3_000)],
  ...[`%7B.a=~%22${'(a*)*'.repeat(500)}%22%7D`, '%7B.a=~%22(((a%7B99%7D)%7B99%7D)%7B99%7D)%22%7D'],
]

const tails = ['', '/', '//', '/%', '/%zz', '/%ff', '/%00', '/%2e%2e/x', `/${'x'.repeat(10_000)}`]
const methods = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'ODD']

const request = fc.record({
  method: fc.constantFrom(...methods),
  path: fc.constantFrom(...paths),
  tail: fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...tails) },
  ),
  query: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), {
    maxLength: 5,
  }),
})

/** What is wrong with an error as a client of this path reads it. */
function faultsOf(path: string, type: string, status: number, body: string): string[] {
  if (body.length > 2_000) return [`error of ${body.length} characters`]
  if (path.startsWith('/tempo')) {
    const isText = type.startsWith('text/plain') && body.length > 0
    return isText || (status === 404 && body === '') ? [] : [`no text: ${type} ${body}`]
  }
  return jaegerErrorShape(path.slice('/jaeger'.length))(JSON.parse(body), '')
}

test('whatever is asked, the answer is clear, short, and in the form of the API', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, tail, query }) => {
      const parameters = query.map((pair) => pair.join('=')).join('&')
      const url = `http://localhost${path}${tail}?${parameters}`
      const response = await app.request(new Request(url, { method }))
      const body = await response.text()
      const { status } = response
      const shown = `${method} ${url.slice(0, 300)}: ${status} ${body.slice(0, 300)}`
      expect(status < 500 || status === 501, shown).toBe(true)
      if (status < 400 || method === 'HEAD') return
      const type = response.headers.get('content-type') ?? ''
      const { pathname } = new URL(url)
      expect(faultsOf(pathname, type, status, body), shown).toEqual([])
    }),
    { numRuns: 4_000 },
  )
}, 60_000)

describe('methods', () => {
  test.each(['/tempo/api/search', '/jaeger/api/services', '/jaeger/api/v3/services'])(
    '%s is read alone',
    async (path) => {
      const ask = (method: string) =>
        app.request(new Request(`http://localhost${path}`, { method }))
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const refused = await ask(method)
        expect([method, refused.status]).toEqual([method, 405])
        expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
      }
      expect((await ask('OPTIONS')).status).toBe(204)
      const head = await ask('HEAD')
      expect([head.status, await head.text()]).toEqual([200, ''])
    },
  )
})

describe('of a parameter that comes again', () => {
  test.each([
    ['/tempo/api/search?q=%7Bname=%22unnamed%22%7D&q=broken', 200],
    ['/tempo/api/search?q=%7B%7D&limit=1&limit=x', 200],
    ['/jaeger/api/traces?service=frontend&service=other&limit=1&limit=x', 200],
    ['/jaeger/api/v3/operations?service=frontend&service=other', 200],
    ['/jaeger/api/dependencies?lookback=1&lookback=x', 200],
  ])('the first one holds: %s', async (path, status) => {
    expect((await app.request(path)).status).toBe(status)
  })
})

describe('absurd ranges and limits', () => {
  test.each([
    ['/tempo/api/search?q=%7B%7D&start=1&end=9999999999', 200],
    ['/tempo/api/search?q=%7B%7D&start=1&end=99999999999', 400],
    ['/tempo/api/search?q=%7B%7D&limit=1000000', 400],
    ['/tempo/api/search?q=%7B%7D&spss=1000000', 400],
    ['/tempo/api/v2/search/tags?limit=999999999', 200],
    ['/tempo/api/v2/search/tag/name/values?limit=999999999&start=1&end=9999999999', 200],
    ['/jaeger/api/traces?start=0&end=9223372036854775', 200],
    ['/jaeger/api/traces?start=0&end=9223372036854776', 400],
    ['/jaeger/api/traces?start=5&end=4', 400],
    ['/jaeger/api/traces?limit=1501', 400],
    ['/jaeger/api/dependencies?endTs=9223372036853&lookback=9223372036853', 200],
    ['/jaeger/api/dependencies?endTs=1&lookback=-1', 400],
    [
      '/jaeger/api/v3/trace-summaries?query.startTimeMin=0001-01-01T00:00:00Z&query.startTimeMax=9999-12-31T23:59:59Z',
      200,
    ],
    [
      '/jaeger/api/v3/dependencies?startTime=0001-01-01T00:00:00Z&endTime=9999-12-31T23:59:59Z',
      200,
    ],
    [
      '/jaeger/api/v3/dependencies?startTime=2025-01-01T00:00:00Z&endTime=2025-01-01T00:00:00Z',
      400,
    ],
  ])('%s', async (path, status) => {
    const response = await app.request(path)
    expect([response.status, await response.text()]).toEqual([status, expect.any(String)])
  })
})
