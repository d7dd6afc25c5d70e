import type { FieldExpression, Stage, TraceqlQuery } from './ast.ts'
import { checkTraceql } from './check.ts'
import { seriesOf } from './columns-of.ts'
import { parseTraceql } from './parse.ts'
import { patternFault } from './pattern.ts'

/**
 * The condition of a query's one filter, while somebody is typing it: of what is broken, the conditions between `&&` and
 * `||` that are whole. Undefined where nothing can be kept, and for queries of several filters: then any span may do.
 * Never throws.
 */
export function halfTypedFilter(text: string): FieldExpression | undefined {
  const inner = innerOf(text)
  if (inner === undefined) return undefined
  const query = valid(text)
  if (query !== undefined) return firstCondition(query)
  let kept = ''
  for (const { operator, condition } of conditionsIn(inner)) {
    if (!isWhole(condition)) continue
    kept = kept === '' ? condition : `${kept} ${operator} ${condition}`
  }
  const rest = kept === '' ? undefined : valid(`{${kept}}`)
  return rest && firstCondition(rest)
}

function valid(text: string): TraceqlQuery | undefined {
  try {
    const query = parseTraceql(text)
    checkTraceql(query, patternFault)
    return query
  } catch {
    return undefined
  }
}

/** A field alone may be true or false, and is far more often one that is being typed. */
function isWhole(condition: string): boolean {
  const query = condition.trim() === '' ? undefined : valid(`{${condition}}`)
  const kind = query && firstCondition(query)?.kind
  return kind !== undefined && kind !== 'attribute' && kind !== 'intrinsic'
}

function firstCondition(query: TraceqlQuery): FieldExpression | undefined {
  const [stage] = stagesOf(query)
  return stage?.kind === 'filter' ? stage.condition : undefined
}

function stagesOf(query: TraceqlQuery): readonly Stage[] {
  if (query.kind === 'search') return query.stages
  const [only, ...others] = seriesOf(query.expression)
  return only !== undefined && others.length === 0 ? only.stages : []
}

/** A string, closed or not, or one character. */
const piece = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|`[^`]*(?:`|$)|&&|\|\||[\s\S]/g

/** What stands in the only braces of a text; the closing one may be missing. */
function innerOf(text: string): string | undefined {
  let inner: string | undefined
  let isOpen = false
  for (const [one] of text.matchAll(piece)) {
    if (one === '{') {
      if (inner !== undefined) return undefined
      inner = ''
      isOpen = true
    } else if (one === '}') isOpen = false
    else if (isOpen) inner += one
  }
  return inner
}

interface WrittenCondition {
  /** In front of it; of the first none. */
  readonly operator: string
  readonly condition: string
}

function conditionsIn(inner: string): readonly WrittenCondition[] {
  const conditions: WrittenCondition[] = []
  let [operator, condition, depth] = ['', '', 0]
  for (const [one] of inner.matchAll(piece)) {
    if (depth === 0 && (one === '&&' || one === '||')) {
      conditions.push({ operator, condition })
      operator = one
      condition = ''
      continue
    }
    if (one === '(') depth++
    if (one === ')') depth--
    condition += one
  }
  return [...conditions, { operator, condition }]
}
