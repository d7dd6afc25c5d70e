import { expect, test } from 'vitest'
import { coalesce } from '../../../../query/search/read-chunks.ts'
import { searchGapBytesMax } from '../../../../src/limits.ts'

const place = (path: string, offset: number, bytes: number) => ({ path, offset, bytes })

test('neighbours are read at once, whatever their order; a gap up to the bound is read along', () => {
  const [a, b] = [place('a', 100, 50), place('b', 150 + searchGapBytesMax, 10)]
  const apart = place('c', 161 + 2 * searchGapBytesMax, 5)
  expect(coalesce([apart, b, a])).toEqual([
    { offset: 100, length: 60 + searchGapBytesMax, places: [a, b] },
    { offset: apart.offset, length: 5, places: [apart] },
  ])
})

test('what lies within another is in its read', () => {
  const [a, b] = [place('a', 0, 100), place('b', 10, 5)]
  expect(coalesce([a, b])).toEqual([{ offset: 0, length: 100, places: [a, b] }])
  expect(coalesce([])).toEqual([])
})
