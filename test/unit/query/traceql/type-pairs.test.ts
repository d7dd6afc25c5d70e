import { describe, expect, test } from 'vitest'
import { checkTraceql } from '../../../../query/traceql/check.ts'
import { parseTraceql } from '../../../../query/traceql/parse.ts'
import { patternFault } from '../../../../query/traceql/pattern.ts'

/** One way to write a value of each type; that of an attribute is not known. */
const operands = {
  attribute: '.a',
  int: '1',
  float: '1.5',
  duration: '1s',
  string: '"x"',
  bool: 'true',
  status: 'error',
  kind: 'server',
  id: 'trace:id',
} as const

type Type = keyof typeof operands
const types = Object.keys(operands) as Type[]

const anything: readonly Type[] = types
const numbers: readonly Type[] = ['attribute', 'int', 'float', 'duration']
const texts: readonly Type[] = ['attribute', 'string', 'id']
const conditions: readonly Type[] = ['attribute', 'bool']

/** What may stand on the right of each type. */
const equal: Readonly<Record<Type, readonly Type[]>> = {
  attribute: anything,
  int: numbers,
  float: numbers,
  duration: numbers,
  string: texts,
  id: texts,
  bool: conditions,
  status: ['attribute', 'status'],
  kind: ['attribute', 'kind'],
}
const nothing: readonly Type[] = []
const ordered: Readonly<Record<Type, readonly Type[]>> = {
  ...equal,
  attribute: [...numbers, 'string', 'id'],
  bool: nothing,
  status: nothing,
  kind: nothing,
}
const betweenOf = (these: readonly Type[]) =>
  Object.fromEntries(types.map((type) => [type, these.includes(type) ? these : nothing]))

const valid: Readonly<Record<string, Readonly<Record<string, readonly Type[]>>>> = {
  '=': equal,
  '!=': equal,
  '>': ordered,
  '>=': ordered,
  '<': ordered,
  '<=': ordered,
  '&&': betweenOf(conditions),
  '||': betweenOf(conditions),
  '+': betweenOf(numbers),
  '-': betweenOf(numbers),
  '*': betweenOf(numbers),
  '/': betweenOf(numbers),
  '%': betweenOf(numbers),
  '^': betweenOf(numbers),
}

function isValid(condition: string): boolean {
  try {
    checkTraceql(parseTraceql(`{ ${condition} }`), patternFault)
    return true
  } catch {
    return false
  }
}

describe.each(Object.keys(valid))('%s', (operator) => {
  const isArithmetic = /[-+*/%^]/.test(operator)

  test.each(types)('%s stands before what it may', (left) => {
    const taken = types.filter((right) => {
      const text = `${operands[left]} ${operator} ${operands[right]}`
      return isValid(isArithmetic ? `${text} != 7` : text)
    })
    expect(taken).toEqual(types.filter((right) => valid[operator]?.[left]?.includes(right)))
  })
})

test.each([
  ['=~ "x"', texts],
  ['!~ "x"', texts],
  ['!= nil', anything],
  // Of intrinsics only what can be absent; a literal is there, and nothing says that it may not be asked.
  ['= nil', anything.filter((type) => type !== 'id')],
])('%s stands behind what it may', (end, taken) => {
  expect(types.filter((type) => isValid(`${operands[type]} ${end}`))).toEqual(taken)
})

test.each([
  ['!', conditions],
  ['-', numbers],
])('%s stands before what it may', (sign, taken) => {
  const end = sign === '-' ? ' != 7' : ''
  expect(types.filter((type) => isValid(`${sign}${operands[type]}${end}`))).toEqual(taken)
})

test('the type of an expression is that of its outcome, as far as it is known', () => {
  expect(isValid('.a + 1 = "x"')).toBe(false)
  expect(isValid('1 + .a && .b')).toBe(false)
  expect(isValid('(.a = 1) = 1')).toBe(false)
  expect(isValid('(.a && .b) > 1')).toBe(false)
  expect(isValid('-(1 + .a) =~ "x"')).toBe(false)
  expect(isValid('!(.a = 1) = true')).toBe(true)
  // Of attributes alone nothing is known, as in Tempo: it is asked, and false.
  expect(isValid('.a + .b = "x"')).toBe(true)
})
