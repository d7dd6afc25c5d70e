import { type Context, Hono } from 'hono'
import { messageOf, SpanlakeError } from '../../../src/errors.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import { jaegerError } from './answers.ts'
import { findTrace } from './find-trace.ts'
import { parametersOf } from './parameters.ts'
import { parseBool, parseV3TraceId } from './parse-parameters.ts'
import { spelled } from './parse-v3-search.ts'
import { v3Traces } from './v3-json.ts'
import { noTraces, v3ListRoutes } from './v3-list-routes.ts'

/** `/api/v3`, as a gRPC gateway answers: OTLP in `result`, errors with their code in `error`. */
export function v3Routes(context: QueryContext): Hono {
  const app = new Hono()
  readOnly(app, '/traces/:id', (c) => traceById(c, context))
  v3ListRoutes(app, context)
  return app
}

async function traceById(c: Context, context: QueryContext): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const traceId = parseId(c.req.param('id') ?? '')
  const isRaw = parseBool(...spelled(parametersOf(c), 'rawTraces'))
  const found = await findTrace(tenant, traceId, isRaw, context)
  if (found.kind === 'unknown') return jaegerError(c, 500, found.message)
  if (found.kind === 'absent') return jaegerError(c, 404, noTraces)
  incompleteHeader(c, found.reasons)
  return c.json(v3Traces(found.spans))
}

function parseId(text: string): Uint8Array {
  try {
    return parseV3TraceId(text)
  } catch (error) {
    throw new SpanlakeError('invalid', `malformed parameter trace_id: ${messageOf(error)}`)
  }
}
