import { describe, expect, test } from 'vitest'
import type { SearchQuery } from '../../../../query/traceql/ast.ts'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { fieldReader, searchEvaluator } from '../../../../query/traceql/evaluate-search.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'
import { type TestSpan, tableOf } from './table-of.ts'

function parseSearch(text: string): SearchQuery {
  const query = parseTraceql(text)
  checkTraceql(query, patternFault)
  if (query.kind !== 'search') throw new Error(`no search: ${text}`)
  return query
}

function evaluate(text: string, spans: readonly TestSpan[]) {
  const evaluator = searchEvaluator(parseSearch(text).stages, tableOf(spans))
  return evaluator({ from: 0, to: spans.length })
}

/** The ids of each set's spans: `a b|c`. */
function idsOf(text: string, spans: readonly TestSpan[]): string {
  const sets = evaluate(text, spans)
  return sets.map(({ rows }) => rows.map((row) => spans[row]?.id).join(' ')).join('|')
}

const ms = 1_000_000n

// a ─┬─ b ─── d ─── e
//    └─ c
const shop: readonly TestSpan[] = [
  {
    id: 'a',
    start: 0,
    duration: 100n * ms,
    name: 'GET /cart',
    kind: 'server',
    resource: { 'service.name': 'front', x: 'of resource' },
    span: { 'http.status': 200n, ratio: 0.5, ok: true, tags: ['red', 'green'], map: null },
    scope: { name: 'http', version: '1.2', x: 'of scope' },
  },
  {
    id: 'b',
    parent: 'a',
    start: 10 * 1_000_000,
    duration: 40n * ms,
    name: 'call',
    kind: 'client',
    status: 'error',
    statusMessage: 'refused',
    resource: { 'service.name': 'front' },
    span: { 'http.status': 500n, ratio: 2n, ok: false, x: 'of span', tags: ['blue'] },
    events: [
      { name: 'exception', since: 5n * ms, attributes: { type: 'Timeout', tries: 3n } },
      { name: 'retry', since: 7n * ms, attributes: { tries: 4n } },
    ],
    links: [{ trace: 'ab', span: 'cd', attributes: { why: 'retry' } }],
  },
  {
    id: 'c',
    parent: 'a',
    start: 20 * 1_000_000,
    duration: 5n * ms,
    name: 'cache',
    resource: { 'service.name': 'front' },
    span: { 'http.status': '500', ratio: Number.NaN, empty: [], y: 'one' },
    events: [{ name: 'hit', attributes: { y: 'of event' } }],
  },
  {
    id: 'd',
    parent: 'b',
    start: 20 * 1_000_000,
    duration: 20n * ms,
    name: 'POST /pay',
    kind: 'server',
    status: 'error',
    resource: { 'service.name': 'pay', 'service.version': '2' },
    span: { 'http.status': 503n, big: 9_007_199_254_740_993n },
  },
  {
    id: 'e',
    parent: 'd',
    start: 30 * 1_000_000,
    duration: 2n * ms,
    name: 'db',
    kind: 'client',
    status: 'ok',
    resource: { 'service.name': 'pay', 'service.version': '2' },
    span: { 'http.status': 1n, 'db.table': 'Ünï' },
  },
]

describe('conditions', () => {
  test.each([
    ['{ }', 'a b c d e'],
    ['{ true }', 'a b c d e'],
    ['{ false }', ''],
    // Types: text and numbers never meet, integers and floats do.
    ['{ span.http.status = 500 }', 'b'],
    ['{ span.http.status = "500" }', 'c'],
    ['{ span.http.status != 500 }', 'a d e'],
    ['{ span.http.status > 499.5 }', 'b d'],
    ['{ span.http.status >= 500ns }', 'b d'],
    ['{ 500 <= span.http.status }', 'b d'],
    ['{ span.ratio = 2.0 }', 'b'],
    ['{ span.ratio < 1 }', 'a'],
    ['{ span.ratio != 7 }', 'a b c'],
    ['{ span.big = 9007199254740993 }', 'd'],
    ['{ span.big = 9007199254740992 }', ''],
    ['{ span.ok }', 'a'],
    ['{ !span.ok }', 'b'],
    ['{ span.ok = false }', 'b'],
    ['{ span.http.status = .ratio }', ''],
    // What is absent matches nothing but the question for it.
    ['{ span.none = 1 }', ''],
    ['{ span.none != 1 }', ''],
    ['{ span.none !~ "a" }', ''],
    ['{ !(span.none = 1) }', 'a b c d e'],
    ['{ span.none = nil }', 'a b c d e'],
    ['{ span.ok = nil }', 'c d e'],
    ['{ span.ok != nil }', 'a b'],
    ['{ span.none = span.other }', ''],
    ['{ span.map != nil }', 'a'],
    ['{ span.map = "a" || span.map != "a" }', ''],
    ['{ span.none || span.ok }', 'a'],
    // Scopes.
    ['{ .x = "of resource" }', 'a'],
    ['{ .x = "of span" }', 'b'],
    ['{ .x != nil }', 'a b'],
    ['{ .y = "one" }', 'c'],
    ['{ .y = "of event" }', ''],
    ['{ .tries != nil || .why != nil || .type = "Timeout" }', ''],
    ['{ instrumentation.x = "of scope" }', 'a'],
    ['{ resource.service.name = "pay" }', 'd e'],
    ['{ .service.name = "pay" && .service.version = "2" }', 'd e'],
    ['{ span.service.name = "pay" }', ''],
    // Text.
    ['{ name =~ "(GET|POST) .*" }', 'a d'],
    ['{ name =~ "ca" }', ''],
    ['{ name !~ "ca.*" }', 'a d e'],
    ['{ span.http.status =~ "5.*" }', 'c'],
    ['{ name > "cache" }', 'b e'],
    ['{ name <= "cache" }', 'a c d'],
    ['{ span.db.table = "Ünï" }', 'e'],
    // Lists: any element, and none for the negations.
    ['{ span.tags = "red" }', 'a'],
    ['{ span.tags != "red" }', 'b'],
    ['{ span.tags =~ "r.*" }', 'a'],
    ['{ span.tags !~ "r.*" }', 'b'],
    ['{ "red" = span.tags }', 'a'],
    ['{ span.tags > "red" }', ''],
    ['{ span.tags < "green" }', 'b'],
    ['{ span.tags = 1 || span.tags != 1 }', ''],
    ['{ span.empty != nil }', 'c'],
    ['{ span.empty != "a" }', 'c'],
    ['{ span.empty = "a" }', ''],
    // Intrinsics.
    ['{ status = error }', 'b d'],
    ['{ status != error }', 'a c e'],
    ['{ statusMessage = "refused" }', 'b'],
    ['{ kind = server }', 'a d'],
    ['{ kind != unspecified }', 'a b d e'],
    ['{ status = .none }', ''],
    ['{ duration > 30ms }', 'a b'],
    ['{ duration = 2000000 }', 'e'],
    ['{ span:id = "b" }', 'b'],
    ['{ span:id = "000000000000000B" }', 'b'],
    ['{ span:parentID = "a" }', 'b c'],
    ['{ span:parentID = "" }', 'a'],
    ['{ span:id =~ "0*[ab]" }', 'a b'],
    ['{ trace:id = "1" }', 'a b c d e'],
    ['{ trace:id != "1" }', ''],
    ['{ trace:rootName = "GET /cart" && name = "db" }', 'e'],
    ['{ trace:rootService = "front" && kind = client }', 'b e'],
    ['{ trace:duration = 100ms }', 'a b c d e'],
    ['{ span:childCount > 1 }', 'a'],
    ['{ span:childCount = 0 }', 'c e'],
    ['{ instrumentation:name = "http" && instrumentation:version = "1.2" }', 'a'],
    ['{ nestedSetParent < 0 }', 'a'],
    ['{ nestedSetLeft = 2 && nestedSetRight = 7 }', 'b'],
    ['{ nestedSetParent = 1 }', 'b c'],
    // Events and links: any of them, and none for the negations.
    ['{ event:name = "retry" }', 'b'],
    ['{ event:name != "retry" }', 'c'],
    ['{ event:name != nil }', 'b c'],
    ['{ event:timeSinceStart > 6ms }', 'b'],
    ['{ event.tries = 3 && event.tries = 4 }', 'b'],
    ['{ event.tries != 3 }', ''],
    ['{ event.tries != 5 }', 'b'],
    ['{ event.type = nil }', 'a c d e'],
    ['{ event.type =~ "T.*" }', 'b'],
    ['{ link:traceID = "AB" && link:spanID = "cd" }', 'b'],
    ['{ link.why = "retry" }', 'b'],
    ['{ link:spanID != "cd" }', ''],
    // Logic.
    ['{ kind = client && status = error }', 'b'],
    ['{ kind = client || status = error }', 'b d e'],
    ['{ !(kind = client || status = error) }', 'a c'],
    ['{ (kind = client) = (status = error) }', 'a b c'],
    // Arithmetic.
    ['{ span.http.status / 100 = 5 }', 'b d'],
    ['{ span.http.status / 100.0 = 5 }', 'b'],
    ['{ span.http.status % 2 = 1 }', 'd e'],
    ['{ span.http.status - 1 + 1 = 500 }', 'b'],
    ['{ duration * 2 = 80ms }', 'b'],
    ['{ duration + 1ms > 100ms }', 'a'],
    ['{ 2 ^ 3 = 8 && -span.http.status = -1 }', 'e'],
    ['{ span.http.status / (span.http.status - 500) != nil }', 'a d e'],
    ['{ span.none + 1 = 1 || span.none + 1 != 1 }', ''],
    ['{ -span.ratio < -1 }', 'b'],
  ])('%s: %s', (query, expected) => {
    expect(idsOf(query, shop)).toBe(expected)
  })

  test('integers stay in 64 bits and take no time', () => {
    const spans = [{ id: 'a', span: { n: 9_223_372_036_854_775_807n } }]
    expect(idsOf('{ span.n + 1 = minInt }', spans)).toBe('a')
    expect(idsOf('{ 3 ^ span.n != 0 }', spans)).toBe('a')
    expect(idsOf('{ 2 ^ span.n = 0 }', spans)).toBe('a')
  })

  test('text has the order of code points', () => {
    const spans = [
      { id: 'a', name: '\uffff' },
      { id: 'b', name: '😀' },
    ]
    expect(idsOf('{ name > "\uffff" }', spans)).toBe('b')
  })
})

describe('span sets', () => {
  test.each([
    ['{ kind = server } && { status = ok }', 'a d e'],
    ['{ kind = server } && { name = "none" }', ''],
    ['{ kind = server } || { name = "none" }', 'a d'],
    ['{ name = "none" } || { name = "none" }', ''],
    ['{ kind = server } | { status = error }', 'd'],
    ['{ kind = server } | { name = "none" } | { }', ''],
    ['({ kind = server } | count() > 5) || { name = "db" }', 'e'],
    ['{ kind = server } | ({ status = error } || { name = "db" })', 'd'],
    // Groups, in the order in which they appear; what is absent is a group too.
    ['{ } | by(resource.service.name)', 'a b c|d e'],
    ['{ } | by(resource.service.version)', 'a b c|d e'],
    ['{ } | by(status) | { kind = client }', 'b|e'],
    ['{ } | by(kind) | by(status)', 'a|d|b|e|c'],
    ['{ } | by(status) | coalesce()', 'a b c d e'],
    ['{ } | by(kind = server)', 'a d|b c e'],
    ['{ } | by(status) | ({ kind = client } && { name != "db" })', 'b d'],
    ['by(status)', 'a c|b d|e'],
    ['{ kind = client } | select(name)', 'b e'],
    // Aggregates.
    ['{ kind = client } | count() = 2', 'b e'],
    ['count() = 5', 'a b c d e'],
    ['{ } | by(status) | count() > 1', 'a c|b d'],
    ['{ } | avg(duration) > 33ms', 'a b c d e'],
    ['{ } | by(kind) | max(duration) >= 40ms', 'a d|b e'],
    ['{ } | min(duration) < 2ms', ''],
    ['{ kind = client } | sum(duration) = 42ms', 'b e'],
    ['{ } | sum(span.http.status) = 1204', 'a b c d e'],
    ['{ } | avg(span.http.status) = 301', 'a b c d e'],
    ['{ } | max(span.none) > 0 || { }', 'refused'],
    ['{ } | max(span.none) != 0', ''],
    ['{ } | by(name) | max(span.big) > 0', 'd'],
    ['{ } | max(event.tries) = 3', 'a b c d e'],
    ['{ } | count() > 1 | { status = ok } | count() = 1', 'e'],
  ])('%s: %s', (query, expected) => {
    if (expected === 'refused') expect(() => idsOf(query, shop)).toThrow()
    else expect(idsOf(query, shop)).toBe(expected)
  })

  test('what sets came through is written on them', () => {
    const sets = evaluate('{ } | by(status) | avg(duration) > 1ms | count() > 1', shop)
    expect(sets.map(({ attributes }) => attributes)).toEqual([
      [
        { name: 'by(status)', type: 'status', value: 'unset' },
        { name: 'avg(duration)', type: 'duration', value: 52_500_000n },
        { name: 'count()', type: 'int', value: 2n },
      ],
      [
        { name: 'by(status)', type: 'status', value: 'error' },
        { name: 'avg(duration)', type: 'duration', value: 30n * ms },
        { name: 'count()', type: 'int', value: 2n },
      ],
    ])
  })

  test('coalesce and operands keep none of it', () => {
    const [set] = evaluate('{ } | by(status) | coalesce()', shop)
    expect(set?.attributes).toEqual([])
    const [other] = evaluate('({ } | count() > 1) && { }', shop)
    expect(other?.attributes).toEqual([])
  })

  test('averages of integers are floats', () => {
    const [set] = evaluate('{ kind = server } | avg(span.http.status) > 1', shop)
    expect(set?.attributes).toEqual([
      { name: 'avg(span.http.status)', type: 'float', value: 351.5 },
    ])
  })
})

describe('structure', () => {
  test.each([
    ['{ name = "GET /cart" } > { }', 'b c'],
    ['{ name = "GET /cart" } >> { }', 'b c d e'],
    ['{ } > { name = "db" }', 'e'],
    ['{ name = "db" } < { }', 'd'],
    ['{ name = "db" } << { }', 'a b d'],
    ['{ name = "call" } ~ { }', 'c'],
    ['{ } ~ { }', 'b c'],
    ['{ name = "call" } ~ { name = "call" }', ''],
    ['{ name = "GET /cart" } !> { }', 'a d e'],
    ['{ name = "call" } !>> { }', 'a b c'],
    ['{ name = "db" } !< { }', 'a b c e'],
    ['{ name = "db" } !<< { }', 'c e'],
    ['{ name = "call" } !~ { }', 'a b d e'],
    ['{ name = "none" } !>> { kind = server }', 'a d'],
    ['{ name = "none" } >> { }', ''],
    ['{ } >> { name = "none" }', ''],
    ['{ name = "none" } &>> { }', ''],
    ['{ kind = server } &>> { kind = client }', 'a b d e'],
    ['{ kind = server } &> { kind = client }', 'a b d e'],
    ['{ kind = client } &< { kind = server }', 'a b d e'],
    ['{ kind = client } &<< { status = error }', 'b d e'],
    ['{ name = "call" } &~ { }', 'b c'],
    ['{ kind = server } >> { kind = server } >> { }', 'e'],
    ['({ status = error } | count() > 1) >> { }', 'd e'],
    ['{ } > { } | { status = error }', 'b d'],
    ['{ status = error } | ({ } > { })', 'd'],
    ['{ } | by(resource.service.name) | ({ } > { })', 'b c|e'],
    ['({ kind = server } &>> { status = error }) || ({ name = "cache" })', 'a b c d'],
  ])('%s: %s', (query, expected) => {
    expect(idsOf(query, shop)).toBe(expected)
  })

  test('groups are related to nothing', () => {
    expect(() => evaluate('({ } | by(status)) >> { }', shop)).toThrow(
      /^traceql operator must relate/,
    )
    expect(idsOf('({ } | by(status) | coalesce()) > { name = "db" }', shop)).toBe('e')
  })
})

describe('broken trees', () => {
  const numbers = (spans: readonly TestSpan[]) => {
    const table = tableOf(spans)
    return (['nestedSetLeft', 'nestedSetRight', 'nestedSetParent'] as const).map((name) => {
      const reader = fieldReader({ kind: 'intrinsic', name }, table)
      reader.enter({ from: 0, to: spans.length })
      return spans.map((_, row) => Number(reader.read(row)))
    })
  }

  test('spans below no root have no numbers, and are related as their parents say', () => {
    const spans = [
      { id: 'a' },
      { id: 'b', parent: 'gone' },
      { id: 'c', parent: 'b' },
      { id: 'd', parent: 'c' },
      { id: 'e', parent: 'gone' },
      { id: 'f', parent: 'lost' },
    ]
    expect(numbers(spans)).toEqual([
      [1, 0, 0, 0, 0, 0],
      [2, 0, 0, 0, 0, 0],
      [-1, 0, 0, 0, 0, 0],
    ])
    expect(idsOf('{ } > { }', spans)).toBe('c d')
    expect(idsOf('{ } !> { }', spans)).toBe('a b e f')
    expect(idsOf('{ span:id = "b" } >> { }', spans)).toBe('c d')
    expect(idsOf('{ } << { }', spans)).toBe('b c')
    expect(idsOf('{ } ~ { }', spans)).toBe('b e')
    expect(idsOf('{ span:childCount = 1 }', spans)).toBe('b c')
  })

  test('several roots stand beside each other', () => {
    const spans = [{ id: 'a', name: 'first' }, { id: 'b', parent: 'a' }, { id: 'c' }]
    expect(numbers(spans)).toEqual([
      [1, 2, 5],
      [4, 3, 6],
      [-1, 1, -1],
    ])
    expect(idsOf('{ } ~ { }', spans)).toBe('a c')
    expect(idsOf('{ rootName = "first" && span:id = "c" }', spans)).toBe('c')
  })

  test('without a root there is no root name', () => {
    const spans = [{ id: 'a', parent: 'gone', name: 'x', resource: { 'service.name': 's' } }]
    expect(idsOf('{ rootName = "" && rootServiceName = "" }', spans)).toBe('a')
  })

  test.each([
    [[{ id: 'a', parent: 'a' }]],
    [
      [
        { id: 'a', parent: 'b' },
        { id: 'b', parent: 'a' },
      ],
    ],
    [[{ id: 'r' }, { id: 'a', parent: 'b' }, { id: 'b', parent: 'c' }, { id: 'c', parent: 'a' }]],
  ])('cycles end: %j', (spans: readonly TestSpan[]) => {
    expect(idsOf('{ } >> { } || { } << { } || { } ~ { }', spans)).toBe('')
    expect(numbers(spans)[0]?.filter((left) => left > 0)).toHaveLength(spans.length === 4 ? 1 : 0)
  })

  test('a client and a server of one id are parent and child', () => {
    const spans: readonly TestSpan[] = [
      { id: 'r', kind: 'server' },
      { id: 'z', parent: 'r', kind: 'client', name: 'client' },
      { id: 'z', parent: 'z', kind: 'server', name: 'server' },
      { id: 'k', parent: 'z', kind: 'internal', name: 'inner' },
    ]
    expect(evaluate('{ name = "client" } > { }', spans)[0]?.rows).toEqual([2])
    expect(evaluate('{ name = "server" } > { }', spans)[0]?.rows).toEqual([3])
  })

  test('nobody is the child of three', () => {
    const spans = [{ id: 'z' }, { id: 'z' }, { id: 'z' }, { id: 'k', parent: 'z' }]
    expect(idsOf('{ } > { }', spans)).toBe('')
  })

  test('a chain of 100,000 spans is walked without recursion, in linear time', () => {
    const spans = Array.from({ length: 100_000 }, (_, i) =>
      i === 0 ? { id: '0' } : { id: `${i}`, parent: `${i - 1}` },
    )
    const [set] = evaluate('{ } &>> { }', spans)
    expect(set?.rows).toHaveLength(100_000)
  })
})

test('one evaluator takes the traces of a table one after another', () => {
  const spans: readonly TestSpan[] = [
    { id: 'a', trace: '1', name: 'one' },
    { id: 'b', trace: '1', parent: 'a' },
    { id: 'a', trace: '2', name: 'two' },
    { id: 'b', trace: '2', parent: 'a' },
  ]
  const { stages } = parseSearch('{ } > { rootName = "two" }')
  const evaluator = searchEvaluator(stages, tableOf(spans))
  expect(evaluator({ from: 0, to: 2 })).toEqual([])
  expect(evaluator({ from: 2, to: 4 })).toEqual([{ rows: [3], attributes: [] }])
  expect(evaluator({ from: 2, to: 2 })).toEqual([])
})
