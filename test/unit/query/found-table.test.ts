import { expect, test } from 'vitest'
import type { FoundTraceJson } from '../../../query/api/native/search-response.ts'
import { printFoundTraces } from '../../../query/found-table.ts'
import { cellsOf } from '../../../query/terminal-text.ts'

const found: FoundTraceJson = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  startTimeUnixNano: '1763658191123456789',
  endTimeUnixNano: '1763658191133456789',
  durationNs: '10000000',
  rootService: 'web',
  rootName: 'GET /',
  spans: 12,
  errors: 1,
  services: ['cart', 'web'],
  matched: 3,
  sets: [],
}

test('a line a trace, in UTC, numbers to the right', () => {
  const rootless = { ...found, rootService: undefined, rootName: undefined, errors: 0 }
  expect(printFoundTraces([found, rootless]).split('\n')).toEqual([
    'start (UTC)              trace                             service  root         duration  matched  spans  errors',
    `${'─'.repeat(23)}  ${'─'.repeat(32)}  ${'─'.repeat(7)}  ${'─'.repeat(11)}  ${'─'.repeat(8)}  ${'─'.repeat(7)}  ${'─'.repeat(5)}  ${'─'.repeat(6)}`,
    '2025-11-20 17:03:11.123  4bf92f3577b34da6a3ce929d0e0e4736  web      GET /           10 ms        3     12       1',
    '2025-11-20 17:03:11.123  4bf92f3577b34da6a3ce929d0e0e4736  ?        (not there)     10 ms        3     12       0',
    '',
  ])
})

const long = { ...found, rootService: 's'.repeat(90), rootName: '漢'.repeat(90), spans: 100_000 }

test.each([78, 80, 87, 88, 103, 104, 119, 120, 200])(
  'lines fit into %i cells, ids whole',
  (width) => {
    const lines = printFoundTraces([found, long], width).trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width)
    for (const line of lines.slice(2)) expect(line).toContain(found.traceId)
    expect(lines[3]).toMatch(/s…/)
    expect(lines[0]?.includes('errors')).toBe(width >= 104)
    expect(lines[0]?.includes('matched')).toBe(width >= 88)
  },
)

test('names that would move the cursor, colour, reverse or hide are spelled out', () => {
  const hostile = { ...found, rootService: 'a\nb\x1b[2J', rootName: '\u202eevil\x07' }
  const text = printFoundTraces([hostile])
  expect(text.split('\n')).toHaveLength(4)
  expect(text).toContain('a\\nb\\u{1b}[2J')
  expect(text).toContain('\\u{202e}evil\\u{7}')
})
