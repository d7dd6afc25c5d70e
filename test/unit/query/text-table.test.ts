import { expect, test } from 'vitest'
import { printTable } from '../../../query/text-table.ts'

const columns = [
  { name: 'name', isNumber: false },
  { name: 'count', isNumber: true },
]

test('columns stand under their names, numbers to the right, null is nothing', () => {
  expect(
    printTable(columns, [
      ['checkout', 7],
      [null, 12345],
      ['日本', null],
    ]),
  ).toBe(
    ['name      count', '────────  ─────', 'checkout      7', '          12345', '日本', ''].join(
      '\n',
    ),
  )
})

test('no rows leave the names', () => {
  expect(printTable(columns, [])).toBe('name  count\n────  ─────\n')
})

test('the widest is cut to fit the terminal, the others are not', () => {
  const lines = printTable(columns, [['x'.repeat(50), 7]], 30).split('\n')
  expect(lines[2]).toBe(`${'x'.repeat(22)}…      7`)
  expect(printTable(columns, [['x'.repeat(50), 7]])).toContain('x'.repeat(50))
})

test('hostile text does nothing, in names neither; lists are JSON', () => {
  const hostile = '\u001b[2J\u202e\n'
  const text = printTable([{ name: hostile, isNumber: false }], [[hostile], [[hostile]]])
  for (const character of ['\u001b', '\u202e']) expect(text).not.toContain(character)
  expect(text.split('\n')).toHaveLength(5)
})
