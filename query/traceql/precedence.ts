import type { ArithmeticOperator, CompareOperator, LogicOperator } from './ast.ts'

/**
 * How tightly operators bind, as in Tempo's grammar. `&&` and `||` bind alike and from the left, so that
 * `a || b && c` is `(a || b) && c`. A sign binds like `+`: `-a * b` is `-(a * b)`; `!` binds between `+` and `*`.
 */
export const precedence = {
  logic: 1,
  compare: 2,
  structure: 2,
  add: 3,
  negate: 3,
  not: 4,
  multiply: 5,
  power: 6,
  primary: 7,
} as const

export function isLogicOperator(text: string): text is LogicOperator {
  return text === '&&' || text === '||'
}

export function isCompareOperator(text: string): text is CompareOperator {
  return /^([=<>]|!=|<=|>=)$/.test(text)
}

export function isArithmeticOperator(text: string): text is ArithmeticOperator {
  return /^[-+*/%^]$/.test(text)
}

export function arithmeticPrecedence(operator: ArithmeticOperator): number {
  switch (operator) {
    case '+':
    case '-':
      return precedence.add
    case '*':
    case '/':
    case '%':
      return precedence.multiply
    case '^':
      return precedence.power
  }
}

/** The precedence that the right operand needs at least: `^` alone binds from the right. */
export function rightPrecedence(operator: ArithmeticOperator): number {
  return operator === '^' ? precedence.power : arithmeticPrecedence(operator) + 1
}
