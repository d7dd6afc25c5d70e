import type { ArithmeticOperator } from './ast.ts'

/** What stands on both sides is an integer: so is the result, in 64 bits as in Go. Undefined for a division by zero. */
export function intArithmetic(
  operator: ArithmeticOperator,
  left: bigint,
  right: bigint,
): bigint | number | undefined {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, left + right)
    case '-':
      return BigInt.asIntN(64, left - right)
    case '*':
      return BigInt.asIntN(64, left * right)
    case '/':
      return right === 0n ? undefined : BigInt.asIntN(64, left / right)
    case '%':
      return right === 0n ? undefined : left % right
    case '^':
      return right < 0n ? Number(left) ** Number(right) : intPower(left, right)
  }
}

/** By squaring, so that no exponent takes long. */
function intPower(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = BigInt.asIntN(64, result * square)
    square = BigInt.asIntN(64, square * square)
  }
  return result
}

export function floatArithmetic(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
    case '^':
      return left ** right
  }
}
