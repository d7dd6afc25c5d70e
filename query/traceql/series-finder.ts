import type { Field } from './ast.ts'
import { compileSingle } from './compile-field.ts'
import { groupKey } from './group-key.ts'
import { printField } from './print-field.ts'
import { labelsKey, type SeriesLabel, type SeriesPart, seriesFor } from './series-parts.ts'
import type { ObserverContext } from './span-observer.ts'

/**
 * The series that a row belongs to. Without `by` there is one, named for the function unless others tell it apart. What is
 * absent has no label, unless nothing else is there.
 */
export function seriesFinder(
  by: readonly Field[],
  name: string | undefined,
  { frame, parts }: ObserverContext,
): (row: number) => SeriesPart | undefined {
  if (by.length === 0) {
    const labels: readonly SeriesLabel[] =
      name === undefined ? [] : [{ name: '__name__', type: 'string', value: name }]
    const key = labelsKey(labels)
    return () => seriesFor(parts, key, () => labels)
  }
  const fields = by.map((field) => ({ name: printField(field), ...compileSingle(field, frame) }))
  const labelsOf = (row: number): readonly SeriesLabel[] => {
    const all = fields.map(({ read, ...label }) => ({ ...label, value: read(row) }))
    const present = all.filter(({ value }) => value !== undefined)
    return present.length === 0 ? all.slice(0, 1) : present
  }
  // Most rows belong to a series that is known: then neither labels nor their key are made.
  const known = new Map<string, SeriesPart>()
  return (row) => {
    let values = ''
    for (const { read } of fields) values += `${groupKey(read(row))},`
    const found = known.get(values)
    if (found !== undefined) return found
    const labels = labelsOf(row)
    const made = seriesFor(parts, labelsKey(labels), () => labels)
    if (made !== undefined) known.set(values, made)
    return made
  }
}
