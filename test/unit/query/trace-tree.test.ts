import { expect, test } from 'vitest'
import { durationText, timeText } from '../../../query/duration-text.ts'
import { spanTree } from '../../../query/span-tree.ts'
import { cellsOf, fitText, printableText } from '../../../query/terminal-text.ts'
import { printTraceTree } from '../../../query/trace-tree.ts'
import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { someSpan, spanId } from '../../helpers/some-span.ts'

const startNs = 1_763_658_191_000_000_000n
const ms = 1_000_000

function span(
  id: number,
  parent: number | undefined,
  fields: Partial<Span> & { service?: string } & { at: number; for: number },
): Span {
  const { at, for: length, ...own } = fields
  return someSpan({
    spanId: spanId(id),
    parentSpanId: parent === undefined ? undefined : spanId(parent),
    startNs: startNs + BigInt(at),
    endNs: startNs + BigInt(at + length),
    ...own,
  })
}

const checkout = [
  span(4, 1, {
    at: 60 * ms,
    for: 80 * ms,
    service: 'payment',
    name: 'charge',
    statusCode: 2,
    statusMessage: 'card declined',
  }),
  span(3, 2, { at: 2 * ms, for: ms, service: 'redis', name: 'HGET' }),
  span(1, undefined, { at: 0, for: 142 * ms, service: 'checkout', name: 'POST /cart' }),
  span(2, 1, { at: ms, for: 4 * ms, service: 'cart', name: 'GET /items' }),
]

test('a trace is a header and a line a span, children under their parents by start', () => {
  expect(printTraceTree(checkout, { color: false, width: 80 })).toBe(
    [
      'trace abababababababababababababababab',
      '2025-11-20T17:03:11.000000000Z · 142 ms · 4 services · 4 spans · 1 error',
      '',
      'checkout POST /cart                                142 ms │━━━━━━━━━━━━━━━━━━━━│',
      '├─ cart GET /items                                   4 ms │━                   │',
      '│  └─ redis HGET                                     1 ms │━                   │',
      '└─ payment charge ✗ card declined                   80 ms │        ━━━━━━━━━━━━│',
      '',
    ].join('\n'),
  )
})

test('lines beside the tree belong to the level that goes on below', () => {
  const spans = [
    span(1, undefined, { at: 0, for: 9, name: 'root' }),
    span(2, 1, { at: 1, for: 1, name: 'goes on' }),
    span(3, 2, { at: 2, for: 1, name: 'last' }),
    span(4, 3, { at: 3, for: 1, name: 'leaf' }),
    span(5, 1, { at: 4, for: 1, name: 'end' }),
    span(6, 5, { at: 5, for: 1, name: 'below' }),
  ]
  const lines = printTraceTree(spans, { color: false, width: 60 }).split('\n').slice(3, -1)
  expect(lines.map((line) => line.slice(0, 20).trimEnd())).toEqual([
    '? root',
    '├─ ? goes on',
    '│  └─ ? last',
    '│     └─ ? leaf',
    '└─ ? end',
    '   └─ ? below',
  ])
})

test('no line is wider than the terminal, and a narrow one gets no bars', () => {
  const long = [
    span(1, undefined, {
      at: 0,
      for: 1,
      service: 'a',
      name: 'n'.repeat(500),
      statusCode: 2,
      statusMessage: 'm'.repeat(500),
    }),
  ]
  for (const width of [40, 71, 72, 80, 200]) {
    const lines = printTraceTree([...checkout, ...long], { color: false, width })
      .split('\n')
      .slice(3)
    expect(Math.max(...lines.map(cellsOf))).toBe(width)
    expect(lines.some((line) => line.includes('━'))).toBe(width >= 72)
    expect(lines.filter((line) => line.includes('✗'))).toHaveLength(2)
  }
})

test('colours are there when asked for and take no room', () => {
  const painted = printTraceTree(checkout, { color: true, width: 80 })
  expect(painted).toContain('\x1b[31m1 error\x1b[0m')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  const stripped = painted.replace(/\x1b\[\d+m/g, '')
  expect(stripped).toBe(printTraceTree(checkout, { color: false, width: 80 }))
})

test('spans of a parent that is not there hang below a line that says so, once', () => {
  const spans = [
    span(5, 77, { at: 2, for: 1, name: 'second' }),
    span(6, 77, { at: 1, for: 1, name: 'first' }),
    span(1, undefined, { at: 0, for: 9, name: 'root' }),
  ]
  const text = printTraceTree(spans, { color: false, width: 40 })
  expect(text.match(/.*missing.*/g)).toEqual(['(span 000000000000004d is missing)'])
  expect(text.indexOf('├─ ? first')).toBeGreaterThan(text.indexOf('missing'))
  expect(text.indexOf('└─ ? second')).toBeGreaterThan(text.indexOf('first'))
})

test('circles are cut at their earliest span, and every span is printed once', () => {
  const spans = [
    span(1, 3, { at: 5, for: 1, name: 'one' }),
    span(2, 1, { at: 1, for: 1, name: 'two' }),
    span(3, 2, { at: 3, for: 1, name: 'three' }),
    span(4, 3, { at: 0, for: 1, name: 'below the circle' }),
    span(9, 9, { at: 2, for: 1, name: 'self' }),
  ]
  const lines = spanTree(spans)
  expect(lines.map((line) => [line.span?.name, line.depth, line.isCycle])).toEqual([
    ['self', 0, true],
    ['two', 0, true],
    ['three', 1, false],
    ['below the circle', 2, false],
    ['one', 2, false],
  ])
})

test('of spans that share an id, a child hangs below the one of its own service', () => {
  const shared = [
    span(1, undefined, { at: 0, for: 9, service: 'client', name: 'call', kind: 3 }),
    span(1, undefined, { at: 1, for: 7, service: 'server', name: 'call', kind: 2 }),
  ]
  const parents = (service: string) => {
    const lines = spanTree([...shared, span(2, 1, { at: 2, for: 1, service, name: 'child' })])
    const at = lines.findIndex((line) => line.span?.name === 'child')
    return [lines.length, lines[at - 1]?.span?.kind]
  }
  expect(parents('client')).toEqual([3, 3])
  expect(parents('server')).toEqual([3, 2])
  expect(parents('elsewhere')).toEqual([3, 2])
})

test('the client half is the parent of the server half that shares its id and names it as parent', () => {
  const lines = spanTree([
    span(1, undefined, { at: 0, for: 9, name: 'client', kind: 3 }),
    span(1, 1, { at: 1, for: 7, name: 'server', kind: 2 }),
  ])
  expect(lines.map(({ span, depth }) => [span?.name, depth])).toEqual([
    ['client', 0],
    ['server', 1],
  ])
})

test('a path of 100,000 spans prints every one and tells its depth where the room ends', () => {
  const chain = Array.from({ length: 100_000 }, (_, i) =>
    span(i + 1, i === 0 ? undefined : i, { at: i, for: 1, service: 's', name: `n${i}` }),
  )
  const lines = printTraceTree(chain, { color: false, width: 100 }).split('\n')
  expect(lines).toHaveLength(3 + 100_000 + 1)
  expect(lines.at(-2)).toMatch(/^99999… .*└─ s n99999 /)
})

test('a parent of 200,000 children, and a trace that is one circle, are no trouble', () => {
  const wide = Array.from({ length: 200_000 }, (_, i) => span(i + 2, 1, { at: i, for: 1 }))
  expect(spanTree([span(1, undefined, { at: 0, for: 1 }), ...wide])).toHaveLength(200_001)
  const circle = Array.from({ length: 50_000 }, (_, i) =>
    span(i + 1, ((i + 1) % 50_000) + 1, { at: i, for: 1 }),
  )
  expect(spanTree(circle)).toHaveLength(50_000)
})

test('text that would move the cursor, colour, reverse or hide is spelled out', () => {
  expect(printableText('a\nb\r\t\x1b[2J\x7f\u009b')).toBe('a\\nb\\r\\t\\u{1b}[2J\\u{7f}\\u{9b}')
  expect(printableText('\u202eevil\u2066\u200b\u2028\ufeff')).toBe(
    '\\u{202e}evil\\u{2066}\\u{200b}\\u{2028}\\u{feff}',
  )
  expect(printableText('\ud800')).toBe('\ufffd')
  expect(printableText(`z${'\u0301'.repeat(50)}a`)).toBe('z\u0301\u0301\u0301a')
  expect(printableText('zażółć 漢字 🦊')).toBe('zażółć 漢字 🦊')
  const named = [
    span(1, undefined, {
      at: 0,
      for: 1,
      service: 'a\nb',
      name: '\x1b]0;owned\x07',
      statusCode: 2,
      statusMessage: '\u202e',
    }),
  ]
  const text = printTraceTree(named, { color: false, width: 100 })
  expect(text.split('\n')).toHaveLength(5)
  for (const control of ['\x1b', '\x07', '\u202e']) expect(text).not.toContain(control)
})

test('text is cut and filled by cells: wide characters take two, marks none', () => {
  expect(cellsOf('漢字🦊a\u0301')).toBe(7)
  expect(fitText('abc', 5)).toBe('abc  ')
  expect(fitText('abcdef', 4)).toBe('abc…')
  expect(fitText('漢字漢', 4)).toBe('漢… ')
  expect(fitText('abc', 0)).toBe('')
})

test('durations show three digits that matter and never cross a unit by rounding', () => {
  const cases: [bigint, string][] = [
    [0n, '0 ns'],
    [999n, '999 ns'],
    [1_000n, '1 µs'],
    [1_234n, '1.23 µs'],
    [999_999n, '1 ms'],
    [1_500_000_000n, '1.5 s'],
    [59_900_000_000n, '59.9 s'],
    [59_999_999_999n, '1m 00s'],
    [3_723_000_000_000n, '1h 02m'],
    [90_000_000_000_000n, '1d 01h'],
    [-1_500_000n, '-1.5 ms'],
  ]
  expect(cases.map(([ns]) => durationText(ns))).toEqual(cases.map(([, text]) => text))
})

test('times have nine digits, to the last nanosecond that OTLP can say', () => {
  expect(timeText(1_763_658_191_000_000_001n)).toBe('2025-11-20T17:03:11.000000001Z')
  expect(timeText(2n ** 64n - 1n)).toBe('2554-07-21T23:34:33.709551615Z')
})

test('spans that end before they start, and traces of no length, still have a line', () => {
  const text = printTraceTree([span(1, undefined, { at: 5, for: -3, name: 'back' })], {
    color: false,
    width: 100,
  })
  expect(text).toContain('-3 ns')
  expect(hexOf(spanId(1))).toBe('0000000000000001')
  expect(printTraceTree([], { color: false, width: 80 })).toBe('trace without spans\n\n')
})
