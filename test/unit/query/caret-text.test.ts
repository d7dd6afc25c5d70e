import { expect, test } from 'vitest'
import { caretText } from '../../../query/caret-text.ts'
import { cellsOf } from '../../../query/terminal-text.ts'

const at = (text: string, line: number, column: number, width = 80) =>
  caretText(text, { line, column }, width).split('\n')

test('the caret stands under the place, on its line', () => {
  expect(at('{ name = }', 1, 10)).toEqual(['{ name = }', '         ^'])
  expect(at('{ a }\n && b\n', 2, 2)).toEqual([' && b', ' ^'])
  expect(at('{ a', 1, 4)).toEqual(['{ a', '   ^'])
  expect(at('', 1, 1)).toEqual(['', '^'])
})

test('it counts cells: wide characters take two, spelled-out ones as many as are shown', () => {
  expect(at('{ "漢" = }', 1, 9)).toEqual(['{ "漢" = }', '         ^'])
  expect(at('{\t\x1b }', 1, 5)).toEqual(['{\\t\\u{1b} }', '          ^'])
})

test('a long line is cut on both sides of the place', () => {
  const text = `{ ${'a'.repeat(300)} ! ${'b'.repeat(300)} }`
  for (const width of [20, 41, 80]) {
    const [line = '', caret = ''] = at(text, 1, 304, width)
    expect(cellsOf(line)).toBeLessThanOrEqual(width)
    expect(line[caret.indexOf('^')]).toBe('!')
    expect(line.startsWith('…')).toBe(true)
    expect(line.endsWith('…')).toBe(true)
  }
})
