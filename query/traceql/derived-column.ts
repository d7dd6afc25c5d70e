import type { Column } from './span-table.ts'

/** What a pure function makes of a column's values: asked once per entry where rows share entries. */
export function derivedColumn<From, To>(
  column: Column<From>,
  derive: (value: From) => To,
): Column<To> {
  const { entries } = column
  if (entries === undefined) return (row) => derive(column(row))
  const { count, byRow } = entries
  const isMade = new Uint8Array(count + 1)
  const made: To[] = new Array(count + 1)
  const read = (row: number): To => {
    const entry = (byRow[row] ?? -1) + 1
    if (isMade[entry] === 0) {
      made[entry] = derive(column(row))
      isMade[entry] = 1
    }
    return made[entry] as To
  }
  return Object.assign(read, { entries })
}

/** A column that is made when its first value is asked for. */
export function lazyColumn<Value>(make: () => Column<Value>): Column<Value> {
  let made: Column<Value> | undefined
  const column = (): Column<Value> => {
    made ??= make()
    return made
  }
  const read = (row: number): Value => column()(row)
  return Object.defineProperties(read, {
    entries: { get: () => column().entries },
    float: { get: () => column().float },
  })
}
