import { describe, expect, test } from 'vitest'
import { parseLegacySearch } from '../../../../query/api/jaeger/parse-legacy-search.ts'
import { searchTraceql } from '../../../../query/api/jaeger/search.ts'
import { searchEvaluator } from '../../../../query/traceql/evaluate-search.ts'
import { type TestSpan, tableOf } from '../traceql/table-of.ts'
import { parametersOf } from './parameters-of.ts'

/** The ids of the spans that a search finds. */
function found(query: string, spans: readonly TestSpan[]): string {
  const { stages } = searchTraceql(parseLegacySearch(parametersOf(query).all, 0))
  const sets = searchEvaluator(stages, tableOf(spans))({ from: 0, to: spans.length })
  return sets.flatMap(({ rows }) => rows.map((row) => spans[row]?.id)).join(' ')
}

const service = { 'service.name': 'cart' }

describe('tags are found wherever they are', () => {
  const four = { text: 'a', int: 123n, float: 72.5, bool: true }
  const tags = 'tags={"text":"a","int":"123","float":"72.5","bool":"true"}'

  test.each<[where: string, span: Omit<TestSpan, 'id'>]>([
    ['on the span', { span: four }],
    ['on its resource', { resource: { ...service, ...four } }],
    ['on its scope', { scope: four }],
    ['on an event', { events: [{}, { attributes: four }] }],
    ['on a link', { links: [{}, { attributes: four }] }],
    ['as texts', { span: { text: 'a', int: '123', float: '72.5', bool: 'true' } }],
    [
      'in different places',
      {
        span: { text: 'a' },
        resource: { ...service, int: 123n },
        scope: { float: 72.5 },
        events: [{ attributes: { bool: true } }],
      },
    ],
    [
      'on different events',
      {
        events: [
          { attributes: { text: 'a', int: 123n } },
          { attributes: { float: 72.5, bool: true } },
        ],
      },
    ],
  ])('%s', (_, span) => {
    const other: TestSpan = { id: 'other', span: { ...four, int: 124n } }
    expect(found(tags, [{ id: 'it', ...span }, other])).toBe('it')
  })

  test('one span has to have them all, with the service, the name and the duration', () => {
    const spans: TestSpan[] = [
      { id: 'a', resource: service, name: 'get', duration: 5_000n, span: { x: '1' } },
      { id: 'b', resource: service, name: 'get', duration: 5_000n, span: { y: '1' } },
      { id: 'c', resource: service, name: 'put', duration: 5_000n, span: { x: '1', y: '1' } },
      { id: 'd', resource: {}, name: 'get', duration: 5_000n, span: { x: '1', y: '1' } },
      { id: 'e', resource: service, name: 'get', duration: 4_999n, span: { x: '1', y: '1' } },
      { id: 'f', resource: service, name: 'get', duration: 6_001n, span: { x: '1', y: '1' } },
    ]
    const query = 'service=cart&operation=get&minDuration=5us&maxDuration=6us&tag=x:1&tag=y:1'
    expect(found(query, spans)).toBe('')
    const both: TestSpan = {
      id: 'g',
      resource: service,
      name: 'get',
      duration: 6_000n,
      span: { x: 1n, y: 1 },
    }
    expect(found(query, [...spans, both])).toBe('g')
  })
})

describe('one tag', () => {
  const spans: readonly TestSpan[] = [
    { id: 'int', span: { a: 200n, int: 0n } },
    { id: 'float', span: { a: 200, f: 0.1 } },
    { id: 'text', span: { a: '200', empty: '' } },
    { id: 'list', span: { a: ['100', '200'] } },
    { id: 'big', span: { b: 9_007_199_254_740_993n } },
    { id: 'failed', status: 'error', statusMessage: 'gone', kind: 'server' },
    { id: 'fine', status: 'ok', kind: 'client' },
    { id: 'said', span: { error: true, 'span.kind': 'broker' } },
    { id: 'scope', scope: { name: 'http', version: '1.2' } },
    { id: 'event', events: [{ name: 'exception' }] },
    { id: 'host', resource: { 'host.name': 'h' } },
  ]

  test.each([
    ['a:200', 'int float text list'],
    ['a:200.0', ''],
    ['a:100', 'list'],
    ['f:0.1', 'float'],
    ['int:0', 'int'],
    ['int:', ''],
    ['empty:', 'text'],
    ['b:9007199254740993', 'big'],
    ['b:9007199254740992', ''],
    ['a', 'int float text list'],
    ['error:true', 'failed said'],
    ['error:TRUE', 'failed'],
    ['error', 'failed said'],
    ['error:false', 'int float text list big fine said scope event host'],
    ['span.kind:server', 'failed'],
    ['span.kind:Client', 'fine'],
    ['span.kind:broker', 'said'],
    ['span.kind', 'failed fine said'],
    ['otel.status_code:OK', 'fine'],
    ['otel.status_code:ERROR', 'failed'],
    ['otel.status_code', 'failed fine'],
    ['otel.status_description:gone', 'failed'],
    ['otel.status_description', 'failed'],
    ['otel.scope.name:http', 'scope'],
    ['scope.version:1.2', 'scope'],
    ['otel.scope.name', 'scope'],
    ['event:exception', 'event'],
    ['event', 'event'],
    ['host.name:h', 'host'],
    ['resource.host.name:h', 'host'],
    ['resource.host.name', 'host'],
    ['nowhere:x', ''],
  ])('%s', (tag, ids) => {
    expect(found(`tag=${tag}`, spans)).toBe(ids)
  })
})
