import { fixedColumns as c, nestedColumns as n } from '../../src/layout/columns.ts'
import { kindNames, statusNames } from '../search/span-values.ts'
import { type FixedColumn, fixed, quoted, type ViewColumn } from './source-column.ts'

/** The columns of `spans` that every span has, under plain names. Ids are lower-case hex. */
export const fixedViewColumns: readonly ViewColumn[] = [
  idColumn(c.traceId),
  idColumn(c.spanId),
  idColumn(c.parentSpanId),
  plain(c.name, 'VARCHAR'),
  enumColumn('kind', c.kind, kindNames),
  plain(c.start, 'TIMESTAMP_NS'),
  plain(c.durationNs, 'BIGINT'),
  endColumn(),
  enumColumn('status', c.statusCode, statusNames),
  plain(c.statusCode, 'INTEGER'),
  plain(c.statusMessage, 'VARCHAR'),
  plain(c.traceState, 'VARCHAR'),
  plain(c.flags, 'UINTEGER'),
  plain(c.scopeName, 'VARCHAR'),
  plain(c.scopeVersion, 'VARCHAR'),
  plain(c.scopeSchemaUrl, 'VARCHAR'),
  plain(c.resourceSchemaUrl, 'VARCHAR'),
  plain(c.droppedAttributesCount, 'UINTEGER'),
  plain(c.droppedEventsCount, 'UINTEGER'),
  plain(c.droppedLinksCount, 'UINTEGER'),
  plain(c.scopeDroppedAttributesCount, 'UINTEGER'),
  plain(c.resourceDroppedAttributesCount, 'UINTEGER'),
  eventsColumn(),
  linksColumn(),
]

function plain(name: FixedColumn, type: string): ViewColumn {
  const source = fixed(name)
  return { name, type, sources: [source], sql: (ref) => ref(source) }
}

function idColumn(name: FixedColumn): ViewColumn {
  const source = fixed(name)
  const sql: ViewColumn['sql'] = (ref) => hexSql(ref(source))
  return { name, type: 'VARCHAR', sources: [source], sql }
}

function hexSql(of: string | undefined): string | undefined {
  return of && `lower(hex(${of}))`
}

/** The first name stands for all numbers that the enum does not know, too. */
function enumColumn(name: string, column: FixedColumn, names: readonly string[]): ViewColumn {
  const source = fixed(column)
  const [first = '', ...others] = names
  const cases = others.map((other, i) => `WHEN ${i + 1} THEN ${quoted(other)}`).join(' ')
  const sql: ViewColumn['sql'] = (ref) => {
    const of = ref(source)
    return of && `CASE ${of} ${cases} ELSE ${quoted(first)} END`
  }
  return { name, type: 'VARCHAR', sources: [source], sql }
}

/** What a timestamp may be without failing to be printed, in nanoseconds since 1970: less than 2^63. */
const timestampNsMax = 9_200_000_000_000_000_000n

/** Null where it is past what a timestamp holds. `end` would be a word of SQL's own. */
function endColumn(): ViewColumn {
  const [start, duration, end] = [fixed(c.start), fixed(c.durationNs), fixed(c.end)]
  const sql: ViewColumn['sql'] = (ref) => {
    const [from, ns, own] = [ref(start), ref(duration), ref(end)]
    if (from === undefined || ns === undefined) return undefined
    const computed = `TRY(make_timestamp_ns(epoch_ns(${from}) + ${ns}))`
    if (own === undefined) return computed
    const holds = `epoch_ns(${own}) BETWEEN 0 AND ${timestampNsMax}`
    return `CASE WHEN ${own} IS NULL THEN ${computed} WHEN ${holds} THEN ${own} END`
  }
  return { name: 'end_time', type: 'TIMESTAMP_NS', sources: [start, duration, end], sql }
}

function attributesType(): string {
  return `"${n.attributes}" STRUCT("${n.key}" VARCHAR, "${n.type}" VARCHAR, "${n.value}" VARCHAR)[]`
}

function eventsColumn(): ViewColumn {
  const type = `STRUCT("${n.time}" TIMESTAMP_NS, "${n.name}" VARCHAR, "${n.droppedAttributesCount}" UINTEGER, ${attributesType()})[]`
  return plain(c.events, type)
}

function linksColumn(): ViewColumn {
  const source = fixed(c.links)
  const ids = `"${n.traceId}" VARCHAR, "${n.spanId}" VARCHAR`
  const counts = `"${n.flags}" UINTEGER, "${n.droppedAttributesCount}" UINTEGER`
  const type = `STRUCT(${ids}, "${n.traceState}" VARCHAR, ${counts}, ${attributesType()})[]`
  const others = [n.traceState, n.flags, n.droppedAttributesCount, n.attributes]
  const members = [
    ...[n.traceId, n.spanId].map((name) => `'${name}': lower(hex(x."${name}"))`),
    ...others.map((name) => `'${name}': x."${name}"`),
  ]
  const sql: ViewColumn['sql'] = (ref) => {
    const of = ref(source)
    return of && `[{${members.join(', ')}} FOR x IN ${of}]`
  }
  return { name: c.links, type, sources: [source], sql }
}
