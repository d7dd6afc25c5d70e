import { SpanlakeError } from '../../src/errors.ts'
import { sqlDepthMax, sqlNodesMax } from '../../src/limits.ts'
import { allowedFunctions, allowedTableFunctions } from './allowed-functions.ts'
import type { CheckedSelect } from './checked-select.ts'
import { type FieldRule, type Form, type NodeKind, shapes } from './select-shapes.ts'

type Fields = Readonly<Record<string, unknown>>

/** Where in the query a node stands. */
interface Place {
  /** CTEs that tables may be, in lower case. */
  readonly ctes: ReadonlySet<string>
  /** Whether a star here asks for columns of a view: of one in this FROM, of none, or of whatever one there is. */
  readonly star: 'view' | 'none' | 'any'
  readonly depth: number
}

interface Found {
  readonly views: Set<'spans' | 'traces'>
  readonly columns: Set<string>
  /** What the views are called where they stand, and what may be the name of a whole row. */
  readonly viewNames: Set<string>
  readonly rowNames: Set<string>
  all: boolean
  anyStar: boolean
  nodes: number
}

/**
 * Holds DuckDB's tree of a text (`json_serialize_sql`) to one read-only SELECT over our views, by lists of what it may be
 * made of (select-shapes.ts, allowed-functions.ts). Throws kind `invalid`, with what is wrong and its offset in the text.
 */
export function checkSelect(tree: unknown): CheckedSelect {
  const statements = listOf(fieldsOf(tree).statements)
  if (statements.length !== 1) {
    throw new SpanlakeError('invalid', `sql must be one SELECT, got ${statements.length}`)
  }
  const found: Found = {
    views: new Set(),
    columns: new Set(),
    viewNames: new Set(),
    rowNames: new Set(),
    all: false,
    anyStar: false,
    nodes: 0,
  }
  checkNode('statement', statements[0], { ctes: new Set(), star: 'none', depth: 0 }, found)
  const wholeRow = [...found.rowNames].some((name) => found.viewNames.has(name))
  const all = found.all || wholeRow || (found.anyStar && found.views.size > 0)
  return { views: found.views, columns: all ? 'all' : found.columns }
}

function checkNode(kind: NodeKind, value: unknown, place: Place, found: Found): void {
  if (++found.nodes > sqlNodesMax) refuse(`sql must have at most ${sqlNodesMax} parts`)
  if (place.depth >= sqlDepthMax) refuse(`sql must nest at most ${sqlDepthMax} deep`)
  const node = fieldsOf(value)
  const form = formOf(kind, node)
  for (const [name, field] of Object.entries(node)) {
    checkField(name, field, ruleOf(form, name), node)
  }
  notice(kind, node, place, found)
  const inside = { ...place, depth: place.depth + 1 }
  if (kind === 'query') return checkQuery(form, node, inside, found)
  if (kind === 'modifier' && isOrderByAll(node)) return
  checkChildren(form, node, inside, found)
}

/** A query's CTEs see those before them; all else in the query sees all of them. */
function checkQuery(form: Form, node: Fields, place: Place, found: Found): void {
  const ctes = new Set(place.ctes)
  const { cte_map: ctesNode, left, right, from_table: from, ...rest } = node
  const { map, ...others } = fieldsOf(ctesNode)
  for (const name of Object.keys(others)) refuse(`sql must not use ${name}`)
  for (const named of listOf(map)) {
    checkNode('namedCte', named, { ...place, ctes: new Set(ctes) }, found)
    ctes.add(foldAscii(textOf(fieldsOf(named).key)))
  }
  const inner: Place = { ...place, ctes }
  if (node.type === 'SELECT_NODE') {
    if (from !== null) checkNode('table', from, { ...inner, star: 'any' }, found)
    checkChildren(form, rest, { ...inner, star: hasView(from, ctes) ? 'view' : 'none' }, found)
    return
  }
  const own = node.type === 'RECURSIVE_CTE_NODE' ? [foldAscii(textOf(node.cte_name))] : []
  checkNode('query', left, inner, found)
  checkNode('query', right, { ...inner, ctes: new Set([...ctes, ...own]) }, found)
  checkChildren(form, rest, { ...inner, star: 'any' }, found)
}

function checkChildren(form: Form, node: Fields, place: Place, found: Found): void {
  for (const [name, field] of Object.entries(node)) {
    const rule = ruleOf(form, name)
    if (typeof rule === 'string' || !('kind' in rule)) continue
    const children = rule.of === 'one' ? (field === null ? [] : [field]) : listOf(field)
    for (const child of rule.of === 'rows' ? children.flatMap(listOf) : children) {
      checkNode(rule.kind, child, place, found)
    }
  }
}

function formOf(kind: NodeKind, node: Fields): Form {
  const { by, forms } = shapes[kind]
  if (by === undefined) return forms.only ?? {}
  const name = textOf(node[by])
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined
  return form ?? refuse(refusals[name] ?? `sql must not use ${name}`, node)
}

/** What users may well try, in words that help. */
const refusals: Readonly<Record<string, string>> = {
  SHOW_REF:
    'sql must not use DESCRIBE, SHOW or SUMMARIZE; SELECT * FROM spans LIMIT 0 tells the columns',
  PIVOT: 'sql must not use PIVOT or UNPIVOT',
  PARAMETER: 'sql must have no parameters',
}

function ruleOf(form: Form, name: string): FieldRule {
  const rule = Object.hasOwn(form, name) ? form[name] : undefined
  return rule ?? refuse(`sql must not use ${name}`)
}

function checkField(name: string, field: unknown, rule: FieldRule, node: Fields): void {
  if (rule === 'none' && !isEmpty(field))
    refuse(emptyFields[name] ?? `sql must not use ${name}`, node)
  if (Array.isArray(rule) && !rule.includes(field)) {
    refuse(`sql must not use ${String(field)}`, node)
  }
}

const emptyFields: Readonly<Record<string, string>> = {
  named_param_map: 'sql must have no parameters',
  catalog_name: 'sql table must be spans or traces, without a catalog',
  schema_name: 'sql table must be spans or traces, without a schema',
  at_clause: 'sql table must have no AT',
}

function isEmpty(field: unknown): boolean {
  return (
    field === null || field === false || field === '' || (Array.isArray(field) && !field.length)
  )
}

/** What a node says besides its children. */
function notice(kind: NodeKind, node: Fields, place: Place, found: Found): void {
  if (kind === 'table') return noticeTable(node, place, found)
  if (kind === 'tableFunction') return noticeFunction(node, allowedTableFunctions, found)
  if (kind !== 'expression') return
  switch (node.class) {
    case 'COLUMN_REF':
      return noticeNames(listOf(node.column_names).map(textOf), found)
    case 'FUNCTION':
    case 'WINDOW':
      return noticeFunction(node, allowedFunctions, found)
    case 'STAR':
      return noticeStar(node, place, found)
    case 'POSITIONAL_REFERENCE':
      return noticeEveryColumn(place, found)
    case 'COLLATE':
      if (!/^\w+(\.\w+)*$/.test(textOf(node.collation))) refuse('sql collation is unknown', node)
  }
}

function noticeTable(node: Fields, place: Place, found: Found): void {
  if (node.type === 'JOIN') {
    for (const name of listOf(node.using_columns)) found.columns.add(textOf(name).toLowerCase())
    // What a natural join joins by depends on every column of both sides.
    if (node.ref_type === 'NATURAL' && hasView(node, place.ctes)) found.all = true
  }
  if (node.type !== 'BASE_TABLE') return
  const name = foldAscii(textOf(node.table_name))
  if (place.ctes.has(name)) return
  if (name !== 'spans' && name !== 'traces') {
    refuse(`sql table must be spans, traces or of a WITH, got ${name}`, node)
  }
  found.views.add(name)
  found.viewNames.add((textOf(node.alias) || name).toLowerCase())
  // Names given by place name whatever column stands there.
  if (listOf(node.column_name_alias).length > 0) found.all = true
}

/** A call like `name.upper()` has the column where a schema would stand. */
function noticeFunction(node: Fields, allowed: ReadonlySet<string>, found: Found): void {
  const name = textOf(node.function_name)
  if (!allowed.has(foldAscii(name))) refuse(`sql function is not available: ${name}`, node)
  const owner = [textOf(node.catalog), textOf(node.schema)].filter(Boolean)
  // The parser itself spells some calls so, and no column can stand before a schema that exists.
  if (owner.join('.') !== 'main') noticeNames(owner, found)
}

function noticeNames(names: readonly string[], found: Found): void {
  for (const name of names) found.columns.add(name.toLowerCase())
  const last = names.at(-1)
  if (last !== undefined) found.rowNames.add(last.toLowerCase())
}

/** The star of one relation may stand in a subquery beside it, or be that of a struct. */
function noticeStar(node: Fields, place: Place, found: Found): void {
  const relation = textOf(node.relation_name)
  if (relation === '') return noticeEveryColumn(place, found)
  noticeNames([relation], found)
}

function noticeEveryColumn(place: Place, found: Found): void {
  if (place.star === 'view') found.all = true
  if (place.star === 'any') found.anyStar = true
}

/** Whether a star over this FROM has columns of a view among its own; those of subqueries and CTEs are theirs. */
function hasView(from: unknown, ctes: ReadonlySet<string>): boolean {
  const node = from === null ? {} : fieldsOf(from)
  if (node.type === 'JOIN') return hasView(node.left, ctes) || hasView(node.right, ctes)
  return node.type === 'BASE_TABLE' && !ctes.has(foldAscii(textOf(node.table_name)))
}

/** `ORDER BY ALL` means what is selected, though the tree shows a star. */
function isOrderByAll(node: Fields): boolean {
  const [order, ...others] = node.type === 'ORDER_MODIFIER' ? listOf(node.orders) : []
  if (order === undefined || others.length > 0) return false
  const { expression } = fieldsOf(order)
  const { class: kind, type: _, columns: __, query_location: ___, ...rest } = fieldsOf(expression)
  return kind === 'STAR' && Object.values(rest).every(isEmpty)
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unknownTree()
  return value as Fields
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : unknownTree()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : unknownTree()
}

function unknownTree(): never {
  throw new SpanlakeError('invalid', 'sql tree is of an unknown form')
}

/** As DuckDB folds the names of tables and functions; more would make two names one that are two to it. */
function foldAscii(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function refuse(message: string, node: Fields = {}): never {
  const at = node.query_location
  const known = typeof at === 'number' && Number.isSafeInteger(at)
  throw new SpanlakeError('invalid', known ? `${message}, at offset ${at}` : message)
}
