import { type Context, Hono } from 'hono'
import { SpanlakeError } from '../../../src/errors.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { readOnly } from '../../read-only.ts'
import { kindNames } from '../../search/span-values.ts'
import { listOperations } from '../../tags/list-operations.ts'
import { listServices } from '../../tags/list-services.ts'
import type { TagAnswer } from '../../tags/tag-reading.ts'
import { excerptOf } from '../../traceql/syntax-error.ts'
import { parseWholeRange } from './request.ts'

/**
 * `GET /services` and `GET /operations?service=` (and `kind=`, one of TraceQL's): names to choose from, of spans that
 * start from `start` to before `end`, or of all that are live.
 */
export function nameRoutes(context: QueryContext): Hono {
  const { runtime, cache } = context
  const app = new Hono()
  readOnly(app, '/services', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const answer = await listServices(tenant, rangeOf(c), runtime, cache)
    return c.json({ services: answer.value, spanlake: toldOf(answer) })
  })

  readOnly(app, '/operations', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    const [service, kind] = [c.req.query('service'), kindOf(c.req.query('kind'))]
    if (service === undefined) throw new SpanlakeError('invalid', 'service must be given')
    const answer = await listOperations(tenant, { service, ...rangeOf(c) }, runtime, cache)
    const operations = answer.value
      .filter((one) => kind === undefined || one.kind === kind)
      .map((one) => ({ name: one.name, kind: kindNames[one.kind] }))
    return c.json({ operations, spanlake: toldOf(answer) })
  })
  return app
}

function rangeOf(c: Context) {
  return { ...parseWholeRange((name) => c.req.query(name)), signal: c.req.raw.signal }
}

/** OTLP's number of a kind. */
function kindOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const kind = kindNames.map(String).indexOf(text)
  if (kind >= 0) return kind
  const known = kindNames.join(', ')
  throw new SpanlakeError('invalid', `kind must be one of ${known}, got ${excerptOf(text)}`)
}

function toldOf({ reasons, cost }: TagAnswer<unknown>) {
  return { complete: reasons.length === 0, reasons, cost }
}
