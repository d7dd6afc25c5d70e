import type { FieldValue } from './span-table.ts'

/** Equal for equal values of one type; absent values are a group too. */
export function groupKey(value: FieldValue): string {
  if (typeof value === 'object' && value !== null) return `[${value.map(groupKey).join()}]`
  return typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${value}`
}
