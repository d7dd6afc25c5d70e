import type { Context } from 'hono'

/** One entry of `errors`. */
export interface LegacyError {
  readonly code?: number
  readonly msg: string
  readonly traceID?: string
}

/** What goes around every legacy answer. */
export function legacyAnswer(
  c: Context,
  data: unknown,
  { total = 0, errors = [] }: { total?: number; errors?: readonly LegacyError[] } = {},
): Response {
  const reply = { data, total, limit: 0, offset: 0, errors: errors.length === 0 ? null : errors }
  return legacyJson(c, reply, 200)
}

/** A refusal in the words of the API that the path belongs to: people read its message in Jaeger's UI and in Grafana. */
export function jaegerError(
  c: Context,
  status: JaegerStatus,
  message: string,
  details: Pick<LegacyError, 'traceID'> = {},
): Response {
  if (isV3(c.req.path)) return c.json({ error: { httpCode: status, message } }, status)
  const errors = [{ code: status, msg: message, ...details }]
  return legacyJson(c, { data: null, total: 0, limit: 0, offset: 0, errors }, status)
}

export type JaegerStatus = 200 | 400 | 401 | 403 | 404 | 405 | 413 | 422 | 429 | 500 | 501 | 503

function isV3(path: string): boolean {
  return /^\/jaeger\/api\/v3(\/|$)/.test(path)
}

function legacyJson(c: Context, reply: unknown, status: JaegerStatus): Response {
  const pretty = c.req.query('prettyPrint') ?? ''
  const indent = pretty === '' || pretty === 'false' ? undefined : 4
  const type = 'application/json; charset=UTF-8'
  return c.body(JSON.stringify(reply, undefined, indent), status, { 'content-type': type })
}
