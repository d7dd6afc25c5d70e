/** A test that the WHERE of a SELECT makes of every row of `spans` that it is to see. */
export interface WhereTest {
  /** The column's name, in lower case. */
  readonly column: string
  readonly operator: '=' | '<' | '<=' | '>' | '>='
  readonly value: string | bigint
}

/**
 * The tests of one column against one constant that rows must pass, of a tree that `checkSelect` has taken: those that
 * stand alone or under AND in the outer WHERE. None where the view is read in any other place too, which the tests
 * would say nothing of. What is not understood is no test: the engine makes all of them itself.
 */
export function whereTests(tree: unknown): readonly WhereTest[] {
  const [statement] = listOf(fieldsOf(tree).statements)
  const node = fieldsOf(fieldsOf(statement).node)
  const table = fieldsOf(node.from_table)
  const isPlain =
    node.type === 'SELECT_NODE' &&
    isEmpty(fieldsOf(node.cte_map).map) &&
    isEmpty(node.sample) &&
    table.type === 'BASE_TABLE' &&
    isEmpty(table.sample) &&
    isEmpty(table.column_name_alias) &&
    String(table.table_name).toLowerCase() === 'spans' &&
    tablesIn(tree) === 1
  if (!isPlain) return []
  const own = String(table.alias || table.table_name).toLowerCase()
  // A name in WHERE may be that of a result, where the view has no such column.
  const results = listOf(node.select_list).map((one) => String(fieldsOf(one).alias).toLowerCase())
  return conjuncts(node.where_clause).flatMap((one) => {
    const test = testOf(one, own)
    return test === undefined || results.includes(test.column) ? [] : [test]
  })
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

/** Tables that are read anywhere, views and CTEs among them. */
function tablesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = fieldsOf(value).type === 'BASE_TABLE' ? 1 : 0
  return Object.values(value).reduce((sum, one) => sum + tablesIn(one), own)
}

function conjuncts(expression: unknown): readonly unknown[] {
  const { type, children } = fieldsOf(expression)
  return type === 'CONJUNCTION_AND' ? listOf(children).flatMap(conjuncts) : [expression]
}

const operators: Readonly<Record<string, WhereTest['operator']>> = {
  COMPARE_EQUAL: '=',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
}

function testOf(expression: unknown, table: string): WhereTest | undefined {
  const { type, left, right } = fieldsOf(expression)
  const operator = operators[String(type)]
  const [column, value] = [columnOf(fieldsOf(left), table), constantOf(fieldsOf(right))]
  if (operator === undefined || column === undefined || value === undefined) return undefined
  return { column, operator, value }
}

function columnOf({ type, column_names }: Fields, table: string): string | undefined {
  if (type !== 'COLUMN_REF') return undefined
  const names = listOf(column_names).map((name) => String(name).toLowerCase())
  const [first, second, ...more] = names
  if (more.length > 0) return undefined
  return second === undefined ? first : first === table ? second : undefined
}

function constantOf({ type, value }: Fields): string | bigint | undefined {
  const constant = fieldsOf(value)
  if (type !== 'VALUE_CONSTANT' || constant.is_null !== false) return undefined
  const kind = fieldsOf(constant.type).id
  if (kind === 'VARCHAR' && typeof constant.value === 'string') return constant.value
  const isInteger = kind === 'INTEGER' || kind === 'BIGINT'
  if (!isInteger || typeof constant.value !== 'number') return undefined
  return Number.isSafeInteger(constant.value) ? BigInt(constant.value) : undefined
}
