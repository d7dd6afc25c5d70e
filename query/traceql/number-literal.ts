import type { FloatLiteral, IntLiteral, NumberLiteral } from './ast.ts'

export const int64Max = 2n ** 63n - 1n
export const int64Min = -(2n ** 63n)

export const numberPattern = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y

/** The number that text says which `numberPattern` matches; undefined when 64 bits cannot hold it. */
export function parseNumber(text: string): IntLiteral | FloatLiteral | undefined {
  if (!/^\d+$/.test(text)) return parseFloat64(text)
  const digits = text.replace(/^0+(?=\d)/, '')
  if (digits.length > 19) return undefined
  const value = BigInt(digits)
  return value > int64Max ? undefined : { kind: 'int', value }
}

function parseFloat64(text: string): FloatLiteral | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? { kind: 'float', value } : undefined
}

/** The number with the other sign; the least integer has none and stays, as in Go. */
export function negated(number: NumberLiteral): NumberLiteral {
  switch (number.kind) {
    case 'int':
      return { kind: 'int', value: BigInt.asIntN(64, -number.value) }
    case 'duration':
      return { kind: 'duration', ns: BigInt.asIntN(64, -number.ns) }
    case 'float':
      return { kind: 'float', value: -number.value }
  }
}

/** An integer's text; the least one cannot be written with digits, as they are read before the sign. */
export function printInt(value: bigint): string {
  return value === int64Min ? 'minInt' : value.toString()
}

/** A float's text, which never looks like an integer. */
export function printFloat(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
