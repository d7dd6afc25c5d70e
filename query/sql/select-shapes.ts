export type NodeKind =
  | 'statement'
  | 'query'
  | 'namedCte'
  | 'cte'
  | 'modifier'
  | 'order'
  | 'argumentOrder'
  | 'sample'
  | 'table'
  | 'tableFunction'
  | 'expression'
  | 'replacement'
  | 'caseCheck'
  | 'castType'
  | 'typeInfo'
  | 'memberType'

/** Forms of a kind by the text in its field `by`; kinds of one form have none. */
export interface Shape {
  readonly by?: 'type' | 'class'
  readonly forms: Readonly<Record<string, Form>>
}

export type Form = Readonly<Record<string, FieldRule>>

/**
 * Of a field: `any` is not looked into, `none` must be empty, a list has the words that may stand there, and nodes of a
 * kind are walked: one, if it is not null, many, or rows of many.
 */
export type FieldRule =
  | 'any'
  | 'none'
  | readonly string[]
  | { readonly kind: NodeKind; readonly of: 'one' | 'many' | 'rows' }

/**
 * What a SELECT's tree may be made of, as DuckDB 1.5 serializes it: for each kind of node its forms, and for each form
 * all of its fields. What is not here is refused, so that a release of DuckDB that can do more does not do it for users.
 */
export const shapes: Readonly<Record<NodeKind, Shape>> = {
  statement: only({ node: one('query'), named_param_map: 'none' }),
  query: byType({
    SELECT_NODE: {
      modifiers: many('modifier'),
      // Walked apart: each CTE sees those before it.
      cte_map: 'any',
      select_list: many('expression'),
      from_table: one('table'),
      where_clause: one('expression'),
      group_expressions: many('expression'),
      group_sets: 'any',
      aggregate_handling: ['STANDARD_HANDLING', 'FORCE_AGGREGATES'],
      having: one('expression'),
      sample: one('sample'),
      qualify: one('expression'),
    },
    SET_OPERATION_NODE: {
      modifiers: many('modifier'),
      cte_map: 'any',
      setop_type: ['UNION', 'UNION_BY_NAME', 'EXCEPT', 'INTERSECT'],
      left: one('query'),
      right: one('query'),
      setop_all: 'any',
    },
    RECURSIVE_CTE_NODE: {
      modifiers: many('modifier'),
      cte_map: 'any',
      cte_name: 'any',
      union_all: 'any',
      left: one('query'),
      right: one('query'),
      aliases: 'any',
      key_targets: many('expression'),
    },
  }),
  namedCte: only({ key: 'any', value: one('cte') }),
  cte: only({
    aliases: 'any',
    query: one('statement'),
    materialized: ['CTE_MATERIALIZE_DEFAULT', 'CTE_MATERIALIZE_ALWAYS', 'CTE_MATERIALIZE_NEVER'],
    key_targets: many('expression'),
  }),
  modifier: byType({
    ORDER_MODIFIER: { orders: many('order') },
    DISTINCT_MODIFIER: { distinct_on_targets: many('expression') },
    LIMIT_MODIFIER: { limit: one('expression'), offset: one('expression') },
    LIMIT_PERCENT_MODIFIER: { limit: one('expression'), offset: one('expression') },
  }),
  argumentOrder: byType({ ORDER_MODIFIER: { orders: many('order') } }),
  order: only({ type: 'any', null_order: 'any', expression: one('expression') }),
  sample: only({ sample_size: 'any', is_percentage: 'any', method: 'any', seed: 'any' }),
  table: byType({
    EMPTY: table({}),
    BASE_TABLE: table({
      catalog_name: 'none',
      schema_name: 'none',
      table_name: 'any',
      column_name_alias: 'any',
      at_clause: 'none',
    }),
    JOIN: table({
      left: one('table'),
      right: one('table'),
      condition: one('expression'),
      join_type: ['INNER', 'LEFT', 'RIGHT', 'FULL', 'SEMI', 'ANTI'],
      ref_type: ['REGULAR', 'NATURAL', 'CROSS', 'POSITIONAL', 'ASOF'],
      using_columns: 'any',
      delim_flipped: 'none',
      duplicate_eliminated_columns: 'none',
    }),
    SUBQUERY: table({ subquery: one('statement'), column_name_alias: 'any' }),
    TABLE_FUNCTION: table({
      function: one('tableFunction'),
      column_name_alias: 'any',
      with_ordinality: 'any',
    }),
    EXPRESSION_LIST: table({
      values: { kind: 'expression', of: 'rows' },
      expected_names: 'none',
      expected_types: 'none',
    }),
  }),
  tableFunction: byClass({ FUNCTION: functionCall() }),
  expression: byClass({
    COLUMN_REF: expression(['COLUMN_REF'], { column_names: 'any' }),
    CONSTANT: expression(['VALUE_CONSTANT'], { value: 'any' }),
    POSITIONAL_REFERENCE: expression(['POSITIONAL_REFERENCE'], { index: 'any' }),
    STAR: expression(['STAR'], {
      relation_name: 'any',
      exclude_list: 'any',
      qualified_exclude_list: 'any',
      replace_list: many('replacement'),
      rename_list: 'any',
      columns: 'any',
      expr: one('expression'),
    }),
    FUNCTION: functionCall(),
    WINDOW: expression(
      [
        'WINDOW_AGGREGATE',
        'WINDOW_RANK',
        'WINDOW_RANK_DENSE',
        'WINDOW_PERCENT_RANK',
        'WINDOW_CUME_DIST',
        'WINDOW_NTILE',
        'WINDOW_ROW_NUMBER',
        'WINDOW_FIRST_VALUE',
        'WINDOW_LAST_VALUE',
        'WINDOW_NTH_VALUE',
        'WINDOW_LEAD',
        'WINDOW_LAG',
        'WINDOW_FILL',
      ],
      {
        function_name: 'any',
        schema: 'any',
        catalog: 'any',
        children: many('expression'),
        partitions: many('expression'),
        orders: many('order'),
        start: 'any',
        end: 'any',
        start_expr: one('expression'),
        end_expr: one('expression'),
        offset_expr: one('expression'),
        default_expr: one('expression'),
        ignore_nulls: 'any',
        filter_expr: one('expression'),
        exclude_clause: 'any',
        distinct: 'any',
        arg_orders: many('order'),
      },
    ),
    OPERATOR: expression(
      [
        'OPERATOR_NOT',
        'OPERATOR_IS_NULL',
        'OPERATOR_IS_NOT_NULL',
        'OPERATOR_COALESCE',
        'OPERATOR_NULLIF',
        'OPERATOR_TRY',
        'OPERATOR_UNPACK',
        'COMPARE_IN',
        'COMPARE_NOT_IN',
        'GROUPING_FUNCTION',
        'ARRAY_EXTRACT',
        'ARRAY_SLICE',
        'ARRAY_CONSTRUCTOR',
        'STRUCT_EXTRACT',
      ],
      { children: many('expression') },
    ),
    COMPARISON: expression(
      [
        'COMPARE_EQUAL',
        'COMPARE_NOTEQUAL',
        'COMPARE_LESSTHAN',
        'COMPARE_GREATERTHAN',
        'COMPARE_LESSTHANOREQUALTO',
        'COMPARE_GREATERTHANOREQUALTO',
        'COMPARE_DISTINCT_FROM',
        'COMPARE_NOT_DISTINCT_FROM',
      ],
      { left: one('expression'), right: one('expression') },
    ),
    BETWEEN: expression(['COMPARE_BETWEEN', 'COMPARE_NOT_BETWEEN'], {
      input: one('expression'),
      lower: one('expression'),
      upper: one('expression'),
    }),
    CONJUNCTION: expression(['CONJUNCTION_AND', 'CONJUNCTION_OR'], {
      children: many('expression'),
    }),
    CASE: expression(['CASE_EXPR'], {
      case_checks: many('caseCheck'),
      else_expr: one('expression'),
    }),
    CAST: expression(['OPERATOR_CAST'], {
      child: one('expression'),
      cast_type: one('castType'),
      try_cast: 'any',
    }),
    COLLATE: expression(['COLLATE'], { child: one('expression'), collation: 'any' }),
    LAMBDA: expression(['LAMBDA'], { lhs: one('expression'), expr: one('expression') }),
    SUBQUERY: expression(['SUBQUERY'], {
      subquery_type: ['SCALAR', 'EXISTS', 'NOT_EXISTS', 'ANY'],
      subquery: one('statement'),
      child: one('expression'),
      comparison_type: 'any',
    }),
  }),
  replacement: only({ key: 'any', value: one('expression') }),
  caseCheck: only({ when_expr: one('expression'), then_expr: one('expression') }),
  castType: only({ id: 'any', type_info: one('typeInfo') }),
  typeInfo: byType({
    DECIMAL_TYPE_INFO: typeInfo({ width: 'any', scale: 'any' }),
    LIST_TYPE_INFO: typeInfo({ child_type: one('castType') }),
    ARRAY_TYPE_INFO: typeInfo({ child_type: one('castType'), size: 'any' }),
    STRUCT_TYPE_INFO: typeInfo({ child_types: many('memberType') }),
    UNBOUND_TYPE_INFO: typeInfo({
      name: 'any',
      catalog: 'none',
      schema: 'none',
      user_type_modifiers: 'any',
    }),
  }),
  memberType: only({ first: 'any', second: one('castType') }),
}

function one(kind: NodeKind): FieldRule {
  return { kind, of: 'one' }
}

function many(kind: NodeKind): FieldRule {
  return { kind, of: 'many' }
}

function only(form: Form): Shape {
  return { forms: { only: form } }
}

function byType(forms: Readonly<Record<string, Form>>): Shape {
  const typed = Object.entries(forms).map(([type, form]) => [type, { type: 'any', ...form }])
  return { by: 'type', forms: Object.fromEntries(typed) }
}

function byClass(forms: Readonly<Record<string, Form>>): Shape {
  const classed = Object.entries(forms).map(([name, form]) => [name, { class: 'any', ...form }])
  return { by: 'class', forms: Object.fromEntries(classed) }
}

function table(form: Form): Form {
  return { alias: 'any', sample: one('sample'), query_location: 'any', ...form }
}

function expression(types: readonly string[], form: Form): Form {
  return { type: types, alias: 'any', query_location: 'any', ...form }
}

function functionCall(): Form {
  return expression(['FUNCTION'], {
    function_name: 'any',
    schema: 'any',
    catalog: 'any',
    children: many('expression'),
    filter: one('expression'),
    order_bys: one('argumentOrder'),
    distinct: 'any',
    is_operator: 'any',
    export_state: 'none',
  })
}

function typeInfo(form: Form): Form {
  return { alias: 'any', extension_info: 'none', ...form }
}
