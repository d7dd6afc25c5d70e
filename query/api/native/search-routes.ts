import { type Context, Hono } from 'hono'
import { messageOf } from '../../../src/errors.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { readOnly } from '../../read-only.ts'
import { searchPage } from '../../search/search-page.ts'
import { TraceqlSyntaxError } from '../../traceql/syntax-error.ts'
import { parseSearchRequest } from './search-request.ts'
import { searchResponse } from './search-response.ts'

/**
 * `GET /search?q=` is a page of the traces that a TraceQL query finds (`limit`, `after`, `start` and `end` in unix seconds
 * or nanoseconds, `spss` spans of each set), with `spanlake` telling whether it is complete and what it cost.
 */
export function searchRoutes(context: QueryContext): Hono {
  const { runtime, cache } = context
  const app = new Hono()
  readOnly(app, '/search', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    try {
      const options = parseSearchRequest((name) => c.req.query(name))
      const { signal } = c.req.raw
      return c.json(
        searchResponse(await searchPage(tenant, { ...options, signal }, runtime, cache)),
      )
    } catch (error) {
      if (error instanceof TraceqlSyntaxError) return answerSyntaxError(c, error)
      throw error
    }
  })
  return app
}

/** Where the query ends to be one, for editors that mark the place. */
function answerSyntaxError(c: Context, error: TraceqlSyntaxError): Response {
  const { place, expected, got } = error
  return c.json(
    { error: { kind: error.kind, message: messageOf(error), ...place, expected, got } },
    400,
  )
}
