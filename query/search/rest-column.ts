import type { ColumnData } from '../../src/parquet/read-column.ts'
import { parseAttributesText } from '../../src/span/any-value-text.ts'
import type { KeyValue } from '../../src/span/span.ts'
import type { Column, FieldValue } from '../traceql/span-table.ts'
import { flatValues, textEntry } from './flat-values.ts'
import { fieldValue } from './span-values.ts'

/** Attributes that have no column of their own, by key. */
export interface RestColumn {
  /** Undefined where no row has anything in the rest. */
  readonly column: (key: string) => Column<FieldValue> | undefined
  readonly keys: () => readonly string[]
}

export function restColumn(data: ColumnData | undefined): RestColumn {
  if (data === undefined || data.count === 0) return { column: () => undefined, keys: () => [] }
  let byEntry: readonly ReadonlyMap<string, KeyValue>[] | undefined

  /** Taken apart only for who asks for all keys: one key is in few of the texts. */
  function every(): readonly ReadonlyMap<string, KeyValue>[] {
    byEntry ??= Array.from({ length: data?.table.entries ?? 0 }, (_, entry) => {
      const attributes = data === undefined ? [] : parseAttributesText(textEntry(data.table, entry))
      return new Map(attributes.map((one) => [one.key, one]).reverse() as [string, KeyValue][])
    })
    return byEntry
  }

  return {
    column(key) {
      const found = flatValues(data, (table, entry) => {
        if (byEntry !== undefined) return { value: attributeValue(byEntry[entry]?.get(key)) }
        const text = textEntry(table, entry)
        if (!text.includes(JSON.stringify(key))) return { value: undefined }
        return { value: attributeValue(parseAttributesText(text).find((one) => one.key === key)) }
      })
      const read = (row: number) => found(row)?.value
      return Object.assign(read, { entries: found.entries })
    },
    keys: () => [...new Set(every().flatMap((attributes) => [...attributes.keys()]))],
  }
}

function attributeValue(attribute: KeyValue | undefined): FieldValue {
  return attribute && fieldValue(attribute.value)
}
