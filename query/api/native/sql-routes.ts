import { type Context, Hono } from 'hono'
import { kindOf, messageOf } from '../../../src/errors.ts'
import { readBody } from '../../../src/ingest/read-body.ts'
import { appBodyBytesMax } from '../../../src/limits.ts'
import { answerError } from '../../answer-error.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { querySql, type SqlAnswer } from '../../sql/query-sql.ts'
import { ndjsonLines, sqlJson, sqlResult } from '../../sql/sql-result.ts'
import { parseSqlRequest, sqlContentTypes } from './sql-request.ts'

/** `POST /`: one SELECT over the tenant's spans, answered as JSON, as a line of JSON for each row, or as a Parquet file. */
export function sqlRoutes(context: QueryContext): Hono {
  const { runtime, cache, sql: engine } = context
  const app = new Hono()
  app.post('/', async (c) => {
    const tenant = tenantOf(c.req.raw, 'read', context)
    if (engine === undefined) {
      const what = 'sql must be asked of a server on Node: this one has no engine for it'
      return answerError(c, 501, 'unavailable', what)
    }
    const { sql, range, format } = parseSqlRequest(
      {
        body: await bodyText(c.req.raw, runtime.limits.requestMsMax),
        contentType: c.req.header('content-type') ?? '',
        accept: c.req.header('accept') ?? '',
        parameter: (name) => c.req.query(name),
      },
      BigInt(runtime.clock.nowMs()) * 1_000_000n,
    )
    const options = {
      sql,
      range,
      format: format === 'parquet' ? 'parquet' : 'rows',
      signal: c.req.raw.signal,
    } as const
    const answer = await querySql(tenant, options, { runtime, cache, engine })
    if (format === 'json') return c.json(sqlJson(answer, await sqlResult(answer.parts)))
    incompleteHeader(c, answer.reasons)
    c.header('content-type', sqlContentTypes[format])
    if (format === 'ndjson') return streamed(c, ndjsonBytes(answer), answer)
    c.header('content-disposition', 'attachment; filename="result.parquet"')
    return streamed(c, parquetBytes(answer), answer)
  })
  app.all('/', (c) => {
    c.header('allow', 'POST, OPTIONS')
    if (c.req.method === 'OPTIONS') return c.body(null, 204)
    return answerError(c, 405, 'invalid', `method must be POST, got ${c.req.method}`)
  })
  return app
}

async function bodyText({ body }: Request, msMax: number): Promise<string> {
  if (body === null) return ''
  const bytes = await readBody(body, { bytesMax: appBodyBytesMax, msMax, hold: () => {} })
  return new TextDecoder().decode(bytes)
}

/** Rows that came before an error are there: the last line tells of it. */
async function* ndjsonBytes({ parts }: SqlAnswer): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  try {
    for await (const lines of ndjsonLines(parts)) yield encoder.encode(lines)
  } catch (error) {
    const [kind, message] = [kindOf(error), messageOf(error)]
    const told = { error: { kind, message: kind === 'internal' ? 'internal error' : message } }
    yield encoder.encode(`${JSON.stringify(told)}\n`)
  } finally {
    await parts.return?.()
  }
}

async function* parquetBytes({ parts }: SqlAnswer): AsyncGenerator<Uint8Array> {
  for await (const part of parts) if (part.kind === 'bytes') yield part.bytes
}

/** Who stops reading stops the query. */
function streamed(c: Context, chunks: AsyncGenerator<Uint8Array>, { parts }: SqlAnswer): Response {
  return c.body(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return(undefined)
        await parts.return?.()
      },
    }),
  )
}
