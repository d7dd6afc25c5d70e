import type { Context } from 'hono'
import type { Parameter } from './parse-parameters.ts'

/** A request's parameters by name. */
export function parametersOf(c: Context): Parameter {
  return (name) => c.req.query(name) || undefined
}
