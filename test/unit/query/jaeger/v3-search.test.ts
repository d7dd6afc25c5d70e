import { describe, expect, test } from 'vitest'
import { parseRfc3339, parseV3TraceId } from '../../../../query/api/jaeger/parse-parameters.ts'
import { parseV3Range, parseV3Search } from '../../../../query/api/jaeger/parse-v3-search.ts'
import { searchTraceql } from '../../../../query/api/jaeger/search.ts'
import { printTraceql } from '../../../../query/traceql/print.ts'
import { kindOf, messageOf } from '../../../../src/errors.ts'
import { hexOf } from '../../../../src/span/trace-id.ts'
import { parametersOf } from './parameters-of.ts'

const times = 'query.startTimeMin=1970-01-01T00:00:01Z&query.startTimeMax=1970-01-01T00:00:02Z'
const range = { fromNs: 1_000_000_000n, toNs: 2_000_000_000n }
const parse = (query: string) => parseV3Search(parametersOf(query).one)

function refusalOf(refuse: () => unknown): unknown {
  try {
    return refuse()
  } catch (error) {
    return [kindOf(error), messageOf(error)]
  }
}

test.each([
  ['', '{ true }'],
  [
    'query.serviceName=cart&query.operationName=get',
    '{ resource.service.name = "cart" && name = "get" }',
  ],
  [
    'query.service_name=cart&query.operation_name=get',
    '{ resource.service.name = "cart" && name = "get" }',
  ],
  ['query.durationMin=1.5s&query.durationMax=2s', '{ duration >= 1.5s && duration <= 2s }'],
  ['query.duration_min=1ms&query.duration_max=2ms', '{ duration >= 1ms && duration <= 2ms }'],
  [
    'query.attributes=%7B%22a%22%3A%22b%22%7D',
    '{ span.a = "b" || resource.a = "b" || instrumentation.a = "b" || event.a = "b" || link.a = "b" }',
  ],
  ['query.attributes={}', '{ true }'],
])('what is searched, as TraceQL: %s', (query, expected) => {
  const search = parse(`${times}&${query}`)
  expect(printTraceql(searchTraceql(search))).toBe(expected)
  expect(search).toMatchObject({ range, limit: 100, isRaw: false })
})

test.each([
  ['query.searchDepth=20', 20, false],
  ['query.search_depth=20&query.rawTraces=true', 20, true],
  ['query.num_traces=20&query.raw_traces=t', 20, true],
  ['query.searchDepth=0', 100, false],
  ['query.searchDepth=1500', 1_500, false],
])('how many, and how: %s', (query, limit, isRaw) => {
  expect(parse(`${times}&${query}`)).toMatchObject({ limit, isRaw })
})

test('times in the older spelling', () => {
  const query = times.replaceAll('startTimeM', 'start_time_m')
  expect(parse(query).range).toEqual(range)
})

test.each([
  ['', 'query.startTimeMin and query.startTimeMax are required'],
  [
    'query.startTimeMin=1970-01-01T00:00:01Z',
    'query.startTimeMin and query.startTimeMax are required',
  ],
  [
    'query.start_time_min=soon&query.startTimeMax=1970-01-01T00:00:01Z',
    'malformed parameter query.start_time_min: must be a time such as 2026-01-31T10:20:30.5Z, got soon',
  ],
  [
    'query.startTimeMin=1970-01-01T00:00:01Z&query.startTimeMax=1970-01-01T00:00:01Z',
    'malformed parameter query.startTimeMax: must be after query.startTimeMin, got 1970-01-01T00:00:01Z',
  ],
  [
    `${times}&query.num_traces=1501`,
    'malformed parameter query.num_traces: must be a number from 0 to 1500, got 1501',
  ],
  [
    `${times}&query.durationMin=5`,
    'malformed parameter query.durationMin: must be a duration such as 1.5s or 100ms, got 5',
  ],
  [
    `${times}&query.durationMin=2s&query.duration_max=1s`,
    'malformed parameter query.duration_max: must be at least the least duration, 2000000000 ns, got 1000000000 ns',
  ],
  [
    `${times}&query.attributes=a`,
    'malformed parameter query.attributes: must be a json object with texts as its values, got a',
  ],
  [
    `${times}&query.rawTraces=x`,
    'malformed parameter query.rawTraces: must be true or false, got x',
  ],
  [`${times}&query.filter={}`, 'query.filter is not supported: use query.attributes'],
])('refused: %s', (query, message) => {
  expect(refusalOf(() => parse(query))).toEqual(['invalid', message])
})

test('a range under other names', () => {
  const { one } = parametersOf('startTime=1970-01-01T00:00:01Z&end_time=1970-01-01T00:00:02Z')
  expect(parseV3Range(one, 'startTime', 'endTime')).toEqual(range)
})

describe('times of RFC 3339', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1970-01-01t00:00:00.5z', 500_000_000n],
    ['2026-01-31T10:20:30.123Z', 1_769_854_830_123_000_000n],
    ['1970-01-01T02:00:00+02:00', 0n],
    // Grafana does not escape the sign.
    ['1970-01-01T02:00:00 02:00', 0n],
    ['1969-12-31T22:30:00-01:30', 0n],
    ['1969-12-31T23:59:59Z', -1_000_000_000n],
    ['1970-01-01T00:00:00.1234567891234Z', 123_456_789n],
  ])('%s', (text, ns) => {
    expect(parseRfc3339('at', text)).toBe(ns)
  })

  test.each([
    '',
    '0',
    '1970-01-01',
    '1970-01-01T00:00:00',
    '1970-01-01 00:00:00Z',
    '1970-02-30T00:00:00Z',
    '1970-13-01T00:00:00Z',
    '1970-01-01T24:00:00Z',
    '1970-01-01T00:00:60Z',
    '1970-01-01T00:00:00+24:00',
    '1970-01-01T00:00:00+02',
    '1970-01-01T00:00:00.Z',
  ])('none: %s', (text) => {
    expect(refusalOf(() => parseRfc3339('at', text))).toEqual(['invalid', expect.any(String)])
  })
})

describe('trace ids of version 3', () => {
  const hex = '5b8efff798038103d269b633813fc60f'
  test.each([
    [hex, hex],
    [hex.toUpperCase(), hex],
    ['d269b633813fc60f', `0000000000000000d269b633813fc60f`],
    ['abc', 'abc'.padStart(32, '0')],
    ['W47/95gDgQPSabYzgT/GDw==', hex],
    ['W47/95gDgQPSabYzgT/GDw', hex],
    ['W47_95gDgQPSabYzgT_GDw==', hex],
    ['0mm2M4E/xg8=', '0000000000000000d269b633813fc60f'],
    ['0mm2M4E_xg8', '0000000000000000d269b633813fc60f'],
  ])('%s', (text, expected) => {
    expect(hexOf(parseV3TraceId(text))).toBe(expected)
  })

  test.each([
    '',
    'xyz',
    'AAAAAAAAAAAAAAAAAAAAAA==',
    'W47/95gDgQPSabYzgT/GDwAA',
    '0'.repeat(32),
    'a'.repeat(33),
  ])('none: %s', (text) => {
    expect(refusalOf(() => parseV3TraceId(text))).toEqual([
      'invalid',
      expect.stringMatching(/^trace id must /),
    ])
  })
})
