import type { AggregateFunction } from './ast.ts'
import { isNumber } from './compare-values.ts'
import type { FieldValue } from './span-table.ts'
import type { ValueType } from './value-type.ts'

/** A number with what it counts. */
export interface AggregateValue {
  readonly type: 'int' | 'float' | 'duration'
  readonly value: bigint | number
}

/** Of all that is a number among the values; undefined when nothing is. */
export function aggregateValues(
  name: AggregateFunction,
  type: ValueType,
  values: readonly FieldValue[],
): AggregateValue | undefined {
  const numbers = values.filter(isNumber)
  const [first] = numbers
  if (first === undefined) return undefined
  switch (name) {
    case 'min':
      return typed(
        type,
        numbers.reduce((least, number) => (number < least ? number : least), first),
      )
    case 'max':
      return typed(
        type,
        numbers.reduce((most, number) => (number > most ? number : most), first),
      )
    case 'sum':
      return typed(type, sumOf(numbers))
    case 'avg':
      return averageOf(type, sumOf(numbers), numbers.length)
  }
}

function typed(type: ValueType, value: bigint | number): AggregateValue {
  if (type === 'duration') return { type, value }
  return { type: typeof value === 'bigint' ? 'int' : 'float', value }
}

/** An integer when all are; in 64 bits, as in Go. */
function sumOf(numbers: readonly (bigint | number)[]): bigint | number {
  if (numbers.every((number) => typeof number === 'bigint')) {
    return BigInt.asIntN(
      64,
      numbers.reduce((sum, number) => sum + number, 0n),
    )
  }
  return numbers.reduce<number>((sum, number) => sum + Number(number), 0)
}

/** Of integers a float; of durations whole nanoseconds. */
function averageOf(type: ValueType, sum: bigint | number, count: number): AggregateValue {
  if (type === 'duration' && typeof sum === 'bigint') return { type, value: sum / BigInt(count) }
  return { type: 'float', value: Number(sum) / count }
}
