import { type Context, Hono } from 'hono'
import { SpanlakeError } from '../../../src/errors.ts'
import { jaegerTraceIdsMax } from '../../../src/limits.ts'
import { parseTraceId } from '../../../src/span/trace-id.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import { jaegerError, type LegacyError, legacyAnswer } from './answers.ts'
import { findTrace } from './find-trace.ts'
import { legacyListRoutes, legacySearch } from './legacy-list-routes.ts'
import { shortTraceId } from './names.ts'
import { parametersOf } from './parameters.ts'
import { parseBool } from './parse-parameters.ts'
import { type JaegerTrace, jaegerTrace } from './trace-json.ts'
import { transformOtlp } from './transform.ts'

/** `/api/traces` and its neighbours: an envelope around everything, errors too. */
export function legacyRoutes(context: QueryContext): Hono {
  const app = new Hono()
  const { searchTraces } = context.jaeger ?? {}
  readOnly(app, '/traces/:id', (c) => traceById(c, context))
  readOnly(app, '/traces', async (c) => {
    const ids = c.req.queries('traceID') ?? []
    if (ids.length > 0) return tracesByIds(c, ids, context)
    if (searchTraces) return legacySearch(c, searchTraces, context)
    tenantOf(c.req.raw, 'read', context)
    throw new SpanlakeError('invalid', 'traceID must be given: this server has no search')
  })
  legacyListRoutes(app, context)
  app.post('/transform', async (c) => {
    tenantOf(c.req.raw, 'read', context)
    const body = new Uint8Array(await c.req.arrayBuffer())
    const seed = new DataView(context.runtime.random.bytes(4).slice().buffer).getInt32(0)
    return legacyAnswer(c, transformOtlp(body, seed))
  })
  // The UI's Monitor tab takes this for a server without metrics.
  for (const name of ['latencies', 'calls', 'errors', 'minstep']) {
    readOnly(app, `/metrics/${name}`, (c) => {
      tenantOf(c.req.raw, 'read', context)
      return jaegerError(c, 501, 'metrics querying is currently disabled')
    })
  }
  return app
}

async function traceById(c: Context, context: QueryContext): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const traceId = parseTraceId(c.req.param('id') ?? '')
  const isRaw = parseBool('raw', parametersOf(c)('raw'))
  const found = await findTrace(tenant, traceId, isRaw, context)
  if (found.kind === 'unknown') return jaegerError(c, 500, found.message)
  if (found.kind === 'absent') {
    return jaegerError(c, 404, 'trace not found', { traceID: shortTraceId(traceId) })
  }
  incompleteHeader(c, found.reasons)
  return legacyAnswer(c, [jaegerTrace(found.spans, traceId, found.reasons)])
}

/** What is not found stands among the errors, with status 200. One trace at a time, no more spans than one may have. */
async function tracesByIds(
  c: Context,
  ids: readonly string[],
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const isRaw = parseBool('raw', parametersOf(c)('raw'))
  const traces: JaegerTrace[] = []
  const errors: LegacyError[] = []
  let room = context.runtime.limits.traceSpansMax
  for (const traceId of parseIds(ids)) {
    const traceID = shortTraceId(traceId)
    const found = room > 0 ? await findTrace(tenant, traceId, isRaw, context) : noRoom
    if (found.kind === 'found') {
      room -= found.spans.length
      traces.push(jaegerTrace(found.spans, traceId, found.reasons))
    } else {
      errors.push({ msg: found.kind === 'absent' ? 'trace not found' : found.message, traceID })
    }
  }
  return legacyAnswer(c, traces, { errors })
}

const noRoom = {
  kind: 'unknown',
  message: 'trace was not read: the answer holds as many spans as it may',
} as const

function parseIds(texts: readonly string[]): Uint8Array[] {
  if (texts.length > jaegerTraceIdsMax) {
    const got = `${texts.length} of them`
    throw new SpanlakeError(
      'invalid',
      `traceID must come at most ${jaegerTraceIdsMax} times, got ${got}`,
    )
  }
  const byName = texts.map(parseTraceId).map((id) => [shortTraceId(id), id] as const)
  return [...new Map(byName).values()]
}
