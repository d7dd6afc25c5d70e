import type { AttributeScope, Field } from './ast.ts'
import { lexTraceql } from './lex.ts'
import { parseField } from './parse-field.ts'
import { peek, tokenCursor } from './token-cursor.ts'

/**
 * The field that a text alone names: `span.http.route`, `.a`, `status`. A key that a query would have to put into quotes
 * needs none here. Undefined for what is no field.
 */
export function parseFieldText(text: string): Field | undefined {
  return asQuery(text) ?? asKey(text)
}

function asQuery(text: string): Field | undefined {
  try {
    const cursor = tokenCursor(lexTraceql(text))
    const field = parseField(cursor)
    return peek(cursor).kind === 'end' ? field : undefined
  } catch {
    return undefined
  }
}

const scopes = ['span', 'resource', 'event', 'link', 'instrumentation'] as const

function asKey(text: string): Field | undefined {
  const dot = text.indexOf('.')
  const key = text.slice(dot + 1)
  if (dot < 0 || key === '') return undefined
  const scope: AttributeScope | undefined =
    dot === 0 ? 'any' : scopes.find((one) => one === text.slice(0, dot))
  return scope && { kind: 'attribute', scope, key }
}
