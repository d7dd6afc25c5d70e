/** Stands in for RE2: what JavaScript cannot read either. */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern)
    return undefined
  } catch {
    return 'a bracket is missing'
  }
}
