/** A deep copy in which the member at `path` (`days.0.date`) is `to`; undefined takes the member away. */
export function changed<T>(value: T, path: string, to: unknown): T {
  const copy = structuredClone(value)
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  let parent = copy as Record<string, unknown>
  for (const step of steps) parent = parent[step] as Record<string, unknown>
  if (to === undefined) delete parent[last]
  else parent[last] = to
  return copy
}
