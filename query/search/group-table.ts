import { fixedColumns as c, nestedColumns as n } from '../../src/layout/columns.ts'
import { corrupt } from '../../src/parquet/byte-reader.ts'
import { type ColumnData, readColumn } from '../../src/parquet/read-column.ts'
import type { Codec } from '../../src/ports/codec.ts'
import { leavesByPath, nestedRows } from '../../src/press/read-group.ts'
import { entryValue, eventsOf, linksOf } from '../../src/press/span-of-row.ts'
import type { ColumnCache } from '../../src/snapshot/column-cache.ts'
import type { SpanEvent, SpanLink } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { derivedColumn, lazyColumn } from '../traceql/derived-column.ts'
import type { Column, FieldValue, SpanTable } from '../traceql/span-table.ts'
import { columnScopes, eventsPrefix, linksPrefix, restColumns } from './column-paths.ts'
import {
  entriesByRow,
  flatValues,
  int32Entry,
  int64Distances,
  int64Values,
  textEntry,
} from './flat-values.ts'
import type { OpenFile, OpenGroup } from './open-file.ts'
import { type RestColumn, restColumn } from './rest-column.ts'
import { durationNs, fieldValue, kindName, statusName } from './span-values.ts'
import { valuesIn } from './spans-table.ts'

/** A column chunk as it was read, or as it was decoded before. */
export type Chunk = Uint8Array | ColumnData

/** A row group as the evaluator asks for it, by those of its chunks that were read; a column that was not is absent. */
export interface GroupTable extends SpanTable {
  /** A trace's rows stand together, but for one that is cut: the first row of each trace, and the end. */
  readonly traceBounds: () => Uint32Array
  /** As sent, also outside of the enum. */
  readonly kindNumber: Column<number>
  /** Of a fresh file: the place of the row's envelope in the file's list. */
  readonly envelope: Column<number>
  /** Nanoseconds from `baseNs` to each row's start: exact within 53 bits, and beyond them on the same side. */
  readonly startsSince: (baseNs: bigint) => Float64Array
}

/** `chunks` may gain some later, before they are asked for; a column is decoded when it is asked for first. */
export function groupTable(
  { key, attributes }: Pick<OpenFile, 'key' | 'attributes'>,
  { rows, chunks: places }: OpenGroup,
  chunks: ReadonlyMap<string, Chunk>,
  codec: Codec,
  cache?: ColumnCache,
): GroupTable {
  const leaves = leavesByPath(attributes)
  const read = remembering((path: string): ColumnData | undefined => {
    const [chunk, place, leaf] = [chunks.get(path), places.get(path), leaves.get(path)]
    if (chunk === undefined || place === undefined || leaf === undefined) return undefined
    if (!(chunk instanceof Uint8Array)) return chunk
    const column = readColumn(chunk, place, leaf, rows, codec)
    cache?.hold(key, place.offset, column)
    return column
  })
  const text = (path: string) =>
    lazyColumn(() => derivedColumn(flatValues(read(path), textEntry), (value) => value ?? ''))
  const time = (path: string) => lazily(() => int64Values(read(path)))
  const start = time(c.start)
  const startNs: Column<bigint> = (row) => start()(row) ?? 0n
  const [durations, ends] = [time(c.durationNs), time(c.end)]
  const events = lazily(() => nestedColumn(eventsOf, c.events, eventsPrefix, n.time))
  const links = lazily(() => nestedColumn(linksOf, c.links, linksPrefix, n.traceId))
  const [names, messages] = [text(c.name), text(c.statusMessage)]
  const [scopeNames, scopeVersions] = [text(c.scopeName), text(c.scopeVersion)]
  const number = (path: string) =>
    lazyColumn(() => derivedColumn(flatValues(read(path), int32Entry), (value) => value ?? 0))
  const [kinds, envelopes] = [number(c.kind), number(c.envelope)]
  const id = (path: string) => lazily(() => idValues(read(path)))
  const [traceIds, spanIds, parentIds] = [id(c.traceId), id(c.spanId), id(c.parentSpanId)]

  function nestedColumn<Item>(
    itemsOf: (rows: ReturnType<typeof nestedRows>, row: number) => readonly Item[],
    list: string,
    prefix: string,
    field: string,
  ): Column<readonly Item[]> {
    const columns = new Map<string, ColumnData>()
    for (const path of places.keys()) {
      const column = path.startsWith(prefix) ? read(path) : undefined
      if (column !== undefined) columns.set(path, column)
    }
    const nested = nestedRows(columns, list, field, rows)
    // One row is asked for several fields in turn.
    let last: { readonly row: number; readonly items: readonly Item[] } | undefined
    return (row) => {
      if (last?.row !== row) last = { row, items: itemsOf(nested, row) }
      return last.items
    }
  }

  const scopeColumns = {
    span: remembering((key: string) => attributeColumn('span', key)),
    resource: remembering((key: string) => attributeColumn('resource', key)),
    scope: remembering((key: string) => attributeColumn('scope', key)),
  }

  const rests = new Map<string, RestColumn>()

  function restOf(scope: 'span' | 'resource' | 'scope'): RestColumn {
    const made = rests.get(scope) ?? restColumn(read(restColumns[scope]))
    rests.set(scope, made)
    return made
  }

  function attributeColumn(scope: 'span' | 'resource' | 'scope', key: string) {
    const columns: Column<FieldValue>[] = attributes
      .filter((one) => one.scope === scope && one.key === key)
      .flatMap(({ name, type }) => {
        const column = read(name)
        if (column === undefined || column.count === 0) return []
        return [flatValues(column, (table, entry) => fieldValue(entryValue(table, type, entry)))]
      })
    const rest = restOf(scope).column(key)
    if (rest !== undefined) columns.push(rest)
    return firstOf(columns)
  }

  return {
    rows,
    traceBounds: () => traceBounds(read(c.traceId), rows),
    traceId: (row) => traceIds()(row) ?? '',
    spanId: (row) => spanIds()(row) ?? '',
    parentId: (row) => parentIds()(row),
    startNs,
    isRoot: lazyColumn(() => {
      const column = read(c.parentSpanId)
      const entryOf = column === undefined ? () => -1 : entriesByRow(column)
      return (row) => entryOf(row) < 0
    }),
    durationNs: lazyColumn(() => durationColumn({ ends: ends(), durations: durations(), startNs })),
    name: names,
    kind: lazyColumn(() => derivedColumn(kinds, kindName)),
    kindNumber: kinds,
    envelope: envelopes,
    status: lazyColumn(() => derivedColumn(number(c.statusCode), statusName)),
    statusMessage: messages,
    scopeName: scopeNames,
    scopeVersion: scopeVersions,
    startsSince(baseNs) {
      const column = read(c.start)
      if (column?.count !== rows) throw corrupt('row group', 'must have a start in each row')
      return int64Distances(column, baseNs)
    },
    eventNames: (row) => events()(row).map(({ name }: SpanEvent) => name),
    eventNsSinceStart: (row) =>
      events()(row).map(({ timeNs }: SpanEvent) => timeNs - BigInt.asUintN(64, startNs(row))),
    linkTraceIds: (row) => links()(row).map(({ traceId }: SpanLink) => hexOf(traceId)),
    linkSpanIds: (row) => links()(row).map(({ spanId }: SpanLink) => hexOf(spanId)),
    attribute(scope, key) {
      if (scope === 'event') return (row) => valuesIn(events()(row), key)
      if (scope === 'link') return (row) => valuesIn(links()(row), key)
      return scopeColumns[columnScopes[scope][0]](key)
    },
    attributeKeys(scope) {
      const [own] = columnScopes[scope]
      const named = attributes.filter((one) => one.scope === own).map(({ key }) => key)
      return [...new Set([...named, ...restOf(own).keys()])]
    },
  }
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** One table is asked by every part of a query, and again for every trace. */
function remembering<Value>(make: (key: string) => Value): (key: string) => Value {
  const made = new Map<string, Value>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined || made.has(key)) return known as Value
    const value = make(key)
    made.set(key, value)
    return value
  }
}

interface DurationParts {
  readonly ends: Column<bigint | undefined>
  readonly durations: Column<bigint | undefined>
  readonly startNs: Column<bigint>
}

/** Hardly any span has an end of its own; where none has, durations stand as they are. */
function durationColumn({ ends, durations, startNs }: DurationParts): Column<bigint> {
  if (ends.entries?.count === 0) {
    return Object.assign((row: number) => durations(row) ?? 0n, { float: durations.float })
  }
  return (row) => {
    const end = ends(row)
    if (end === undefined) return durations(row) ?? 0n
    return durationNs(BigInt.asUintN(64, startNs(row)), BigInt.asUintN(64, end))
  }
}

/** A row has a key once: in a column of one type, or in the rest. */
function firstOf(columns: readonly Column<FieldValue>[]): Column<FieldValue> | undefined {
  const [only] = columns
  if (columns.length < 2) return only
  return (row) => {
    for (const column of columns) {
      const value = column(row)
      if (value !== undefined) return value
    }
    return undefined
  }
}

function idValues(column: ColumnData | undefined): Column<string | undefined> {
  return flatValues(column, ({ bytes, width = 0 }, entry) =>
    hexOf(bytes.subarray(entry * width, (entry + 1) * width)),
  )
}

function traceBounds(column: ColumnData | undefined, rows: number): Uint32Array {
  if (column?.table.width !== 16 || column.count !== rows) {
    throw corrupt('row group', 'must have a trace id in each row')
  }
  const { ids, table } = column
  const bounds: number[] = []
  for (let row = 0; row < rows; row++) {
    const isSame =
      row > 0 && (ids === undefined ? sameId(table.bytes, row - 1, row) : ids[row] === ids[row - 1])
    if (!isSame) bounds.push(row)
  }
  return Uint32Array.from([...bounds, rows])
}

function sameId(bytes: Uint8Array, a: number, b: number): boolean {
  for (let i = 15; i >= 0; i--) if (bytes[a * 16 + i] !== bytes[b * 16 + i]) return false
  return true
}
