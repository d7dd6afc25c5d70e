import { describe, expect, test } from 'vitest'
import {
  parseLegacyDependencies,
  parseLegacySearch,
} from '../../../../query/api/jaeger/parse-legacy-search.ts'
import { searchTraceql } from '../../../../query/api/jaeger/search.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { printTraceql } from '../../../../query/traceql/print.ts'
import { kindOf, messageOf } from '../../../../src/errors.ts'
import { parametersOf } from './parameters-of.ts'

const nowMs = 1_763_658_191_000
const afterNowNs = 1_763_658_191_001_000_000n
const hourNs = 3_600_000_000_000n

const parse = (query: string) => parseLegacySearch(parametersOf(query).all, nowMs)

// TraceQL's && and || bind alike, from the left: the brackets around the first tag are not needed.
describe('what is searched, as TraceQL', () => {
  const inAllPlaces = (key: string, ...values: string[]) =>
    ['span', 'resource', 'instrumentation', 'event', 'link']
      .flatMap((scope) => values.map((value) => `${scope}.${key} = ${value}`))
      .join(' || ')

  test.each([
    ['', '{ true }'],
    ['service=', '{ true }'],
    ['service=cart', '{ resource.service.name = "cart" }'],
    ['service=a%2Fb+c&operation=GET+%2F', '{ resource.service.name = "a/b c" && name = "GET /" }'],
    ['minDuration=1.5s', '{ duration >= 1.5s }'],
    ['maxDuration=1h2m3.5ms', '{ duration <= 1h2m0.0035s }'],
    ['minDuration=100us&maxDuration=100µs', '{ duration >= 100us && duration <= 100us }'],
    ['minDuration=0&maxDuration=0s', '{ true }'],
    ['tags=', '{ true }'],
    ['tags={}', '{ true }'],
    ['tag=a:b', `{ ${inAllPlaces('a', '"b"')} }`],
    ['tag=a:b:c', `{ ${inAllPlaces('a', '"b:c"')} }`],
    ['tag=a:', `{ ${inAllPlaces('a', '""')} }`],
    ['tag=a:x&tag=a:b', `{ ${inAllPlaces('a', '"b"')} }`],
    ['tags={"a":"b"}', `{ ${inAllPlaces('a', '"b"')} }`],
    ['tag=a:1&tags={"a":"b"}', `{ ${inAllPlaces('a', '"b"')} }`],
    [
      'tags={"a":"b"}&tags={"c":"d"}',
      `{ ${inAllPlaces('a', '"b"')} && (${inAllPlaces('c', '"d"')}) }`,
    ],
    [
      'tag=a',
      '{ span.a != nil || resource.a != nil || instrumentation.a != nil || event.a != nil || link.a != nil }',
    ],
    ['tag=a:200', `{ ${inAllPlaces('a', '"200"', '200')} }`],
    ['tag=a:-7', `{ ${inAllPlaces('a', '"-7"', '-7')} }`],
    ['tag=a:72.5', `{ ${inAllPlaces('a', '"72.5"', '72.5')} }`],
    ['tag=a:true', `{ ${inAllPlaces('a', '"true"', 'true')} }`],
    // Texts that no number has.
    ['tag=a:007', `{ ${inAllPlaces('a', '"007"')} }`],
    ['tag=a:%2B1', `{ ${inAllPlaces('a', '"+1"')} }`],
    ['tag=a:1.0', `{ ${inAllPlaces('a', '"1.0"')} }`],
    ['tag=a:-0', `{ ${inAllPlaces('a', '"-0"')} }`],
    ['tag=a:NaN', `{ ${inAllPlaces('a', '"NaN"')} }`],
    ['tag=a:True', `{ ${inAllPlaces('a', '"True"')} }`],
    // Beyond 2^53 a float's text has zeros where an integer has digits.
    ['tag=a:9007199254740993', `{ ${inAllPlaces('a', '"9007199254740993"', '9007199254740993')} }`],
    [
      'tag=a:1152921504606847000',
      `{ ${inAllPlaces('a', '"1152921504606847000"', '1152921504606847000', '1152921504606847000.0')} }`,
    ],
    ['tag=a:9223372036854775808', `{ ${inAllPlaces('a', '"9223372036854775808"')} }`],
    ['tag=a:1e%2B21', `{ ${inAllPlaces('a', '"1e+21"', '1e+21')} }`],
    // Fields of the span that Jaeger shows as tags.
    ['tag=error:true', `{ status = error || ${inAllPlaces('error', '"true"', 'true')} }`],
    ['tag=error:1', `{ status = error || ${inAllPlaces('error', '"1"', '1')} }`],
    ['tag=error:false', '{ status != error }'],
    ['tag=error:F', '{ status != error }'],
    ['tag=error:maybe', `{ ${inAllPlaces('error', '"maybe"')} }`],
    [
      'tag=error',
      '{ status = error || span.error != nil || resource.error != nil || instrumentation.error != nil || event.error != nil || link.error != nil }',
    ],
    ['tag=span.kind:server', `{ kind = server || ${inAllPlaces('span.kind', '"server"')} }`],
    ['tag=span.kind:CLIENT', `{ kind = client || ${inAllPlaces('span.kind', '"CLIENT"')} }`],
    ['tag=span.kind:broker', `{ ${inAllPlaces('span.kind', '"broker"')} }`],
    [
      'tag=otel.status_code:ERROR',
      `{ status = error || ${inAllPlaces('otel.status_code', '"ERROR"')} }`,
    ],
    ['tag=span.status:Unset', `{ status = unset || ${inAllPlaces('span.status', '"Unset"')} }`],
    [
      'tag=otel.status_description:out',
      `{ statusMessage = "out" || ${inAllPlaces('otel.status_description', '"out"')} }`,
    ],
    [
      'tag=otel.scope.name:http',
      `{ instrumentation:name = "http" || ${inAllPlaces('otel.scope.name', '"http"')} }`,
    ],
    [
      'tag=scope.version:1',
      `{ instrumentation:version = "1" || ${inAllPlaces('scope.version', '"1"', '1')} }`,
    ],
    [
      'tag=event:exception',
      `{ event:name = "exception" || ${inAllPlaces('event', '"exception"')} }`,
    ],
    [
      'tag=resource.host.name:a',
      `{ ${inAllPlaces('resource.host.name', '"a"')} || resource.host.name = "a" }`,
    ],
    [
      'service=cart&operation=get&minDuration=1ms&tag=a:b',
      `{ resource.service.name = "cart" && name = "get" && duration >= 1ms && (${inAllPlaces('a', '"b"')}) }`,
    ],
    // Keys that TraceQL writes in quotes.
    [`tags={"a b":"\\"q\\""}`, `{ ${inAllPlaces('"a b"', '"\\"q\\""')} }`],
  ])('%s', (query, expected) => {
    const traceql = searchTraceql(parse(query))
    expect(printTraceql(traceql)).toBe(expected)
    expect(parseTraceql(expected)).toEqual(traceql)
    checkTraceql(traceql, patternFault)
  })
})

describe('when', () => {
  test.each([
    ['', afterNowNs - 48n * hourNs, afterNowNs],
    // Microseconds, and the end is part of it.
    ['start=1000&end=2000', 1_000_000n, 2_000_001n],
    ['start=0&end=0', 0n, 1n],
    ['start=1000', 1_000_000n, afterNowNs],
    ['end=1763658191000000', afterNowNs - 999_999n - 48n * hourNs, afterNowNs - 999_999n],
    ['lookback=1h', afterNowNs - hourNs, afterNowNs],
    ['lookback=2d', afterNowNs - 48n * hourNs, afterNowNs],
    ['lookback=custom', afterNowNs - 48n * hourNs, afterNowNs],
    ['lookback=1h&start=1000&end=2000', 1_000_000n, 2_000_001n],
  ])('%s', (query, fromNs, toNs) => {
    expect(parse(query).range).toEqual({ fromNs, toNs })
  })
})

test.each([
  ['', 100, false],
  ['limit=1&raw=false', 1, false],
  ['limit=1500&raw=1', 1_500, true],
  ['limit=&raw=', 100, false],
])('how many, and how: %s', (query, limit, isRaw) => {
  expect(parse(query)).toMatchObject({ limit, isRaw })
})

test.each([
  ['limit=0', 'malformed parameter limit: must be a number from 1 to 1500, got 0'],
  ['limit=1501', 'malformed parameter limit: must be a number from 1 to 1500, got 1501'],
  ['limit=-1', 'malformed parameter limit: must be a number from 1 to 1500, got -1'],
  ['limit=1e2', 'malformed parameter limit: must be a number from 1 to 1500, got 1e2'],
  ['start=x', 'malformed parameter start: must be a number of microseconds, got x'],
  ['end=-5', 'malformed parameter end: must be a number of microseconds, got -5'],
  [
    'end=99999999999999999999',
    'malformed parameter end: must be a number of microseconds, got 99999999999999999999',
  ],
  ['start=2000&end=1000', 'malformed parameter start: must be before the end, got 2000000 ns'],
  [
    'minDuration=1',
    'malformed parameter minDuration: must be a duration such as 1.5s or 100ms, got 1',
  ],
  [
    'maxDuration=1d',
    'malformed parameter maxDuration: must be a duration such as 1.5s or 100ms, got 1d',
  ],
  [
    'minDuration=-1s',
    'malformed parameter minDuration: must be a duration such as 1.5s or 100ms, got -1s',
  ],
  [
    'minDuration=99999999999h',
    'malformed parameter minDuration: must be a duration such as 1.5s or 100ms, got 99999999999h',
  ],
  [
    'minDuration=2s&maxDuration=1s',
    'malformed parameter maxDuration: must be at least the least duration, 2000000000 ns, got 1000000000 ns',
  ],
  ['raw=maybe', 'malformed parameter raw: must be true or false, got maybe'],
  ['tag=:b', 'malformed parameter tags: must be keys with their values, got :b'],
  ['tag=', 'malformed parameter tags: must be keys with their values, got :'],
  ...['[]', 'null', '"a"', '{"a":1}', '{"a":null}', '{a:1}', '{'].map((json) => [
    `tags=${json}`,
    `malformed parameter tags: must be a json object with texts as its values, got ${json}`,
  ]),
  [String.raw`tags={"a":"\ud800"}`, 'malformed parameter tags: must be unicode text, got a'],
  [
    Array.from({ length: 33 }, (_, at) => `tag=k${at}:v`).join('&'),
    'malformed parameter tags: must be at most 32 tags, got 33',
  ],
])('refused: %s', (query, message) => {
  let error: unknown
  try {
    parse(query as string)
  } catch (thrown) {
    error = thrown
  }
  expect([kindOf(error), messageOf(error)]).toEqual(['invalid', message])
})

test('the most tags there may be make a query that the language takes', () => {
  const tags = Array.from({ length: 32 }, (_, at) => `tag=k${at}:v`).join('&')
  const traceql = searchTraceql(parse(tags))
  checkTraceql(traceql, patternFault)
  expect(parseTraceql(printTraceql(traceql))).toEqual(traceql)
})

test.each([
  ['', afterNowNs - 24n * hourNs, afterNowNs],
  ['lookback=3600000', afterNowNs - hourNs, afterNowNs],
  ['endTs=7200000&lookback=3600000', hourNs + 1n, 2n * hourNs + 1n],
])('dependencies: %s', (query, fromNs, toNs) => {
  const { one } = parametersOf(query)
  expect(parseLegacyDependencies(one, nowMs)).toEqual({ fromNs, toNs })
})
