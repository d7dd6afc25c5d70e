import type { CountedAttribute } from '../index/day-list.ts'
import type { AttributeScope } from '../layout/columns.ts'
import type {
  AttributeColumn,
  AttributeType,
  BatchAttribute,
  SpanBatch,
} from '../span/span-batch.ts'
import { chooseColumns } from './choose-columns.ts'
import { RestTexts } from './rest-texts.ts'

/** Which attributes get a column of their own, and what remains for the three rest columns. */
export interface ColumnPlan {
  readonly attributes: readonly PlannedAttribute[]
  /** Those without a column, the most frequent first. */
  readonly rest: readonly CountedAttribute[]
  readonly resourceRest: PlannedRest | undefined
  readonly scopeRest: PlannedRest | undefined
  readonly spanRest: PlannedRest | undefined
}

export interface PlannedAttribute extends Attribute {
  readonly name: string
}

interface Attribute {
  readonly scope: AttributeScope
  readonly key: string
  readonly type: AttributeType
  readonly source: AttributeSource
  /** Rows that have it. */
  readonly count: number
}

/** Values by resource or scope, or by row; 0 is none, else the batch's value plus 1. */
export type AttributeSource =
  | { readonly kind: 'owner'; readonly ownerOfRow: Uint32Array; readonly values: Uint32Array }
  | { readonly kind: 'rows'; readonly column: AttributeColumn }

/** JSON texts, and who has which: the text plus 1, or 0. */
export interface PlannedRest {
  readonly texts: readonly string[]
  readonly source:
    | { readonly kind: 'owner'; readonly ownerOfRow: Uint32Array; readonly values: Uint32Array }
    | { readonly kind: 'row'; readonly values: ReadonlyMap<number, number> }
}

/** Plans for the rows of `order` alone. */
export function planColumns(batch: SpanBatch, order: Uint32Array): ColumnPlan {
  const attributes = [
    ...ownedAttributes(batch, 'resource', batch.resources, batch.resourceOfRow, order),
    ...ownedAttributes(batch, 'scope', batch.scopes, batch.scopeOfRow, order),
    ...spanAttributes(batch, order),
  ]
  const { own, rest } = chooseColumns(attributes, order.length)
  return { attributes: own, rest, ...planRest(batch, rest) }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function stringOf({ strings }: SpanBatch, id: number): string {
  return decoder.decode(strings.bytes.subarray(strings.starts[id]!, strings.starts[id + 1]!))
}

function ownedAttributes(
  batch: SpanBatch,
  scope: 'resource' | 'scope',
  owners: readonly { readonly attributes: readonly BatchAttribute[] }[],
  ownerOfRow: Uint32Array,
  order: Uint32Array,
): Attribute[] {
  const rowsOfOwner = new Uint32Array(owners.length)
  for (const row of order) rowsOfOwner[ownerOfRow[row]!]!++
  const found = new Map<
    string,
    { key: number; type: AttributeType; values: Uint32Array; count: number }
  >()
  for (const [owner, { attributes }] of owners.entries()) {
    if (rowsOfOwner[owner] === 0) continue
    for (const { key, type, value } of attributes) {
      const id = `${key} ${type}`
      const attribute = found.get(id) ?? {
        key,
        type,
        values: new Uint32Array(owners.length),
        count: 0,
      }
      attribute.values[owner] = value + 1
      attribute.count += rowsOfOwner[owner]!
      found.set(id, attribute)
    }
  }
  return Array.from(found.values(), ({ key, type, values, count }) => ({
    scope,
    key: stringOf(batch, key),
    type,
    count,
    source: { kind: 'owner', ownerOfRow, values },
  }))
}

function spanAttributes(batch: SpanBatch, order: Uint32Array): Attribute[] {
  const all = order.length === batch.rows
  const chosen = new Uint8Array(batch.rows)
  for (const row of order) chosen[row] = 1
  const attributes: Attribute[] = []
  for (const column of batch.spanAttributes) {
    let count = all ? column.length : 0
    if (!all) for (let i = 0; i < column.length; i++) count += chosen[column.rowsWithIt[i]!]!
    if (count === 0) continue
    const source = { kind: 'rows', column } as const
    attributes.push({
      scope: 'span',
      key: stringOf(batch, column.key),
      type: column.type,
      count,
      source,
    })
  }
  return attributes
}

function planRest(
  batch: SpanBatch,
  rest: readonly Attribute[],
): Omit<ColumnPlan, 'attributes' | 'rest'> {
  const of = (scope: AttributeScope) => rest.filter((attribute) => attribute.scope === scope)
  return {
    resourceRest: ownedRest(batch, of('resource'), batch.resources.length),
    scopeRest: ownedRest(batch, of('scope'), batch.scopes.length),
    spanRest: spanRest(batch, of('span')),
  }
}

function ownedRest(
  batch: SpanBatch,
  rest: readonly Attribute[],
  owners: number,
): PlannedRest | undefined {
  const texts = new RestTexts(batch)
  let ownerOfRow: Uint32Array | undefined
  for (const { key, type, source } of rest) {
    if (source.kind !== 'owner') continue
    ownerOfRow = source.ownerOfRow
    for (const [owner, value] of source.values.entries()) {
      if (value > 0) texts.add(owner, key, type, value - 1)
    }
  }
  if (ownerOfRow === undefined) return undefined
  const byOwner = texts.finish()
  const values = new Uint32Array(owners)
  for (const [owner, text] of byOwner.values) values[owner] = text + 1
  return { texts: byOwner.texts, source: { kind: 'owner', ownerOfRow, values } }
}

function spanRest(batch: SpanBatch, rest: readonly Attribute[]): PlannedRest | undefined {
  if (rest.length === 0) return undefined
  const texts = new RestTexts(batch)
  for (const { key, type, source } of rest) {
    if (source.kind !== 'rows') continue
    const { column } = source
    for (let i = 0; i < column.length; i++)
      texts.add(column.rowsWithIt[i]!, key, type, column.values[i]!)
  }
  const byRow = texts.finish()
  return { texts: byRow.texts, source: { kind: 'row', values: byRow.values } }
}
