import { expect, test } from 'vitest'
import { fittingInputs, type InputSize } from '../../../src/compact/fitting-inputs.ts'
import {
  mergeFilesMax,
  mergeHeldBytesMax,
  mergeRowsMax,
  rowGroupRowsMax,
  spanFileBytesMax,
} from '../../../src/limits.ts'

const fitting = (inputs: readonly InputSize[]) => fittingInputs(inputs, (input) => input).length
const many = (count: number, input: InputSize) => Array.from({ length: count }, () => input)
const small: InputSize = { bytes: 1, groups: [] }

test('all of few small files fit', () => {
  expect(fitting([])).toBe(0)
  expect(fitting(many(3, { bytes: 1_000, groups: [{ bytes: 900, rows: 10 }] }))).toBe(3)
})

test('the first fits, whatever its size', () => {
  const huge = { bytes: 1e9, groups: [{ bytes: 1e9, rows: 1e9 }] }
  expect(fitting([huge, small])).toBe(1)
})

test('files up to their number, their bytes and their rows', () => {
  expect(fitting(many(mergeFilesMax + 1, small))).toBe(mergeFilesMax)
  const quarter = { bytes: spanFileBytesMax / 4, groups: [] }
  expect(fitting(many(4, quarter))).toBe(4)
  expect(fitting([...many(4, quarter), small])).toBe(4)
  // Groups of few rows each, so that what is held stays small.
  const rows = (count: number) => ({
    bytes: 1,
    groups: many(64, small).map(() => ({ bytes: 0, rows: count / 64 })),
  })
  expect(fitting(many(8, rows(mergeRowsMax / 8)))).toBe(8)
  expect(fitting([...many(8, rows(mergeRowsMax / 8)), rows(64)])).toBe(8)
})

test('one row group of each is held, the largest, by its rows or by its long texts, beside all that is written', () => {
  const full = { bytes: 0, groups: [{ bytes: 0, rows: rowGroupRowsMax }] }
  const most = fitting(many(100, full))
  expect(most).toBeGreaterThanOrEqual(5)
  expect(most * rowGroupRowsMax * 450).toBeLessThanOrEqual(mergeHeldBytesMax)
  // Further groups of a file cost nothing, its output does.
  const [group] = full.groups
  expect(fitting(many(100, { bytes: 0, groups: [group!, group!, group!] }))).toBe(most)
  expect(fitting(many(100, { ...full, bytes: 1024 * 1024 }))).toBeLessThan(most)
  expect(fitting(many(100, { ...full, heldBytes: 1024 * 1024 }))).toBeLessThan(most)
  const texts = { bytes: 0, groups: [{ bytes: 2 * 1024 * 1024, rows: 100 }] }
  expect(fitting(many(100, texts))).toBe(1)
})
