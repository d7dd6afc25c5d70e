import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isBehind,
  parseSearchCursor,
  placeBefore,
  type SearchPlace,
  searchCursor,
} from '../../../../query/search/search-place.ts'
import { searchCursorTracesMax } from '../../../../src/limits.ts'

const traceIds = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.join(''))
const times = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n })
const places: fc.Arbitrary<SearchPlace> = fc.record({
  last: fc.record({ startNs: times, traceId: traceIds }),
  untilNs: times,
  isCut: fc.boolean(),
  pending: fc.array(traceIds, { maxLength: searchCursorTracesMax }),
})

test('a cursor is read as it was written, for the same search alone, and needs no escapes in a URL', () => {
  fc.assert(
    fc.property(places, fc.string(), fc.string(), (place, search, other) => {
      const cursor = searchCursor(place, search)
      expect(parseSearchCursor(cursor, search)).toEqual(place)
      expect(encodeURIComponent(cursor)).toBe(cursor)
      if (other !== search) expect(() => parseSearchCursor(cursor, other)).toThrow('after must be')
    }),
  )
})

test('more traces than a cursor may name are refused', () => {
  const place = { last: placeBefore(5n), untilNs: 5n, isCut: true }
  const pending = Array.from({ length: searchCursorTracesMax + 1 }, () => 'a'.repeat(32))
  expect(() => parseSearchCursor(searchCursor({ ...place, pending }, 'q'), 'q')).toThrow('after')
  const most = pending.slice(1)
  expect(parseSearchCursor(searchCursor({ ...place, pending: most }, 'q'), 'q').pending).toEqual(
    most,
  )
})

test('behind a place is what starts before, or then with a greater id', () => {
  const at = (startNs: bigint, digit: string) => ({ startNs, traceId: digit.repeat(32) })
  expect(isBehind(at(4n, '0'), at(5n, 'f'))).toBe(true)
  expect(isBehind(at(6n, 'f'), at(5n, '0'))).toBe(false)
  expect(isBehind(at(5n, '2'), at(5n, '1'))).toBe(true)
  expect(isBehind(at(5n, '1'), at(5n, '1'))).toBe(false)
  expect(isBehind(at(5n, '0'), placeBefore(5n))).toBe(true)
  expect(isBehind(at(6n, 'f'), placeBefore(5n))).toBe(false)
})
