import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { columnScopes } from '../search/column-paths.ts'
import { kindNames, statusNames } from '../search/span-values.ts'
import type { AttributeField, Field } from '../traceql/ast.ts'
import { necessaryConditions, type SpanCondition } from '../traceql/conditions.ts'
import { halfTypedFilter } from '../traceql/half-typed-filter.ts'
import type { Intrinsic } from '../traceql/intrinsics.ts'
import { printField } from '../traceql/print-field.ts'
import type { Column, FieldValue, SpanTable } from '../traceql/span-table.ts'
import type { TagScalar } from './distinct-set.ts'
import { type DistinctScan, distinctValues, type RowValues } from './distinct-values.ts'
import { readTags, type TagAnswer } from './tag-reading.ts'

export interface TagValuesOptions {
  /** Only of spans that this TraceQL filter finds; it may be half typed (`halfTypedFilter`). */
  readonly q?: string
  /** Only of spans that start within. */
  readonly range?: TimeRange
  readonly limit?: number
  /** The client is gone. */
  readonly signal?: AbortSignal
}

export interface TagValue {
  readonly type: 'string' | 'int' | 'float' | 'bool' | 'keyword'
  readonly text: string
}

/**
 * The distinct values of a field, by type and then in order; empty texts are none. Status and kind have all that there
 * are. Durations, times, ids and places in the tree have none to choose from. A root's name and service are those of
 * spans without a parent.
 */
export async function tagValues(
  tenant: string,
  field: Field,
  { q = '', range, limit, signal }: TagValuesOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TagAnswer<readonly TagValue[]>> {
  const known = keywords(field)
  const scan = scanOf(field, q)
  // What every tenant has, or nobody, is asked of no file.
  if (known !== undefined || scan === undefined) return { value: known ?? [], ...unasked }
  return readTags(tenant, signal, { runtime, cache }, async (reading) => {
    const values = await distinctValues(scan, { range, limit }, reading)
    return values
      .filter((value) => value !== '')
      .map(tagValue)
      .sort(byTypeAndText)
  })
}

const unasked = {
  reasons: [],
  cost: { lists: 0, gets: 0, bytesRead: 0, filesConsidered: 0, filesOpened: 0, groupsRead: 0 },
}

function keywords(field: Field): readonly TagValue[] | undefined {
  if (field.kind !== 'intrinsic') return undefined
  const names =
    field.name === 'status' ? statusNames : field.name === 'kind' ? kindNames : undefined
  return names && [...names].sort().map((text) => ({ type: 'keyword', text }))
}

function tagValue(value: TagScalar): TagValue {
  if (typeof value === 'string') return { type: 'string', text: value }
  if (typeof value === 'bigint') return { type: 'int', text: String(value) }
  if (typeof value === 'number') return { type: 'float', text: String(value) }
  return { type: 'bool', text: String(value) }
}

function byTypeAndText(a: TagValue, b: TagValue): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
}

function scanOf(field: Field, q: string): DistinctScan | undefined {
  const asked = field.kind === 'attribute' ? attributeScan(field) : intrinsicScan(field.name)
  const condition = halfTypedFilter(q)
  if (asked === undefined || condition === undefined) {
    return asked && { ...asked, name: `values of ${printField(field)}` }
  }
  const { found } = necessaryConditions([{ kind: 'filter', condition }])
  return { ...asked, condition: { kind: 'all', of: [asked.condition, found] } }
}

function attributeScan(field: AttributeField): DistinctScan {
  const { scope, key } = field
  const scopes = scope === 'any' ? columnScopes.any : [scope]
  return {
    fields: [field],
    condition: { kind: 'present', field },
    read(table) {
      const columns = scopes.flatMap((one) => table.attribute(one, key) ?? [])
      return valuesIn(columns)
    },
  }
}

function valuesIn(columns: readonly Column<FieldValue>[]): RowValues {
  return (row, add) => {
    for (const column of columns) {
      const value = column(row)
      if (typeof value === 'object') {
        for (const one of value ?? []) if (one !== null) add(one)
      } else if (value !== undefined) add(value)
    }
  }
}

function intrinsicScan(name: Intrinsic): DistinctScan | undefined {
  const columns = intrinsicColumns[name]
  if (columns === undefined) return undefined
  const read = (table: SpanTable): RowValues => valuesIn([columns(table)])
  if (name === 'rootName') return { fields: [spanName], condition: isRoot, read }
  if (name === 'rootServiceName') return { fields: [serviceName], condition: isRoot, read }
  return { fields: [{ kind: 'intrinsic', name }], condition: { kind: 'always' }, read }
}

const spanName = { kind: 'intrinsic', name: 'name' } as const
export const serviceName = { kind: 'attribute', scope: 'resource', key: 'service.name' } as const

const isRoot: SpanCondition = {
  kind: 'compare',
  field: { kind: 'intrinsic', name: 'nestedSetParent' },
  operator: '<',
  value: { kind: 'int', value: 0n },
}

const intrinsicColumns: Partial<
  Readonly<Record<Intrinsic, (table: SpanTable) => Column<FieldValue>>>
> = {
  name: ({ name }) => name,
  statusMessage: ({ statusMessage }) => statusMessage,
  rootName: ({ name }) => name,
  rootServiceName: (table) => table.attribute('resource', serviceName.key) ?? (() => undefined),
  'event:name': ({ eventNames }) => eventNames,
  'instrumentation:name': ({ scopeName }) => scopeName,
  'instrumentation:version': ({ scopeVersion }) => scopeVersion,
}
