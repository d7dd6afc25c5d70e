import { idIn, parseSearchRequest } from '../../query/api/native/search-request.ts'
import { type SearchResponse, searchResponse } from '../../query/api/native/search-response.ts'
import { printFoundTraces } from '../../query/found-table.ts'
import { markedError } from '../../query/marked-error.ts'
import { searchPage } from '../../query/search/search-page.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { tenantDefault } from '../../src/limits.ts'
import { silentLog } from '../../src/ports/log.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { runtimeOnData } from './runtime-on-data.ts'
import { askServer, type ServerAddress } from './server-client.ts'

/** Of a running server, or of `data` where it is given. */
export interface SearchOptions extends ServerAddress {
  readonly data?: string | undefined
  /** How far back, in milliseconds, in place of `start`. */
  readonly since?: number
  readonly start?: string
  readonly end?: string
  readonly limit: number
  /** The cursor of an earlier page. */
  readonly after?: string
  readonly json?: boolean
}

/** Prints the newest traces that a TraceQL query finds; exit code 2 when there may be more than the answer knows of. */
export async function searchCommand(q: string, options: SearchOptions): Promise<void> {
  const asked = parametersOf(q, options)
  checkHere(q, asked)
  const answer = options.data
    ? await fromData(asked, options.data, options.tenant)
    : await fromServer(asked, options)
  const { traces, next, spanlake } = answer
  for (const reason of spanlake.reasons) process.stderr.write(`incomplete: ${reason}\n`)
  if (spanlake.reasons.length > 0) process.exitCode = 2
  if (options.json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    return
  }
  const { isTTY, columns } = process.stdout
  if (traces.length > 0) process.stdout.write(printFoundTraces(traces, isTTY ? columns : undefined))
  process.stderr.write(
    `${traces.length === 0 ? 'no trace found' : foundText(traces.length)}, ${costText(answer)}\n`,
  )
  if (next !== undefined)
    process.stderr.write(`there may be more: ${moreText(next, options, asked)}\n`)
}

function parametersOf(q: string, options: SearchOptions): URLSearchParams {
  const { since, start, end, limit, after } = options
  if (since !== undefined && start !== undefined) {
    throw new SpanlakeError('invalid', 'either --since or --start must be given, got both')
  }
  const parameters = new URLSearchParams({ q, limit: String(limit) })
  // Nanoseconds of this machine's clock.
  const from = since === undefined ? start : `${Date.now() - since}000000`
  if (from !== undefined) parameters.set('start', from)
  if (end !== undefined) parameters.set('end', end)
  if (after !== undefined) parameters.set('after', after)
  return parameters
}

/** What a server would refuse is told of here, with a mark under the place. */
function checkHere(q: string, asked: URLSearchParams): void {
  const id = idIn(q)
  if (id !== undefined) {
    throw new SpanlakeError(
      'invalid',
      `query must be TraceQL, got a trace's id: try spanlake trace ${id}`,
    )
  }
  try {
    parseSearchRequest((name) => asked.get(name) ?? undefined)
  } catch (error) {
    throw markedError(error, q, process.stderr.columns ?? 120)
  }
}

async function fromServer(asked: URLSearchParams, server: ServerAddress): Promise<SearchResponse> {
  const body = await askServer(server, `/api/v1/search?${asked}`)
  return JSON.parse(new TextDecoder().decode(body)) as SearchResponse
}

async function fromData(
  asked: URLSearchParams,
  data: string,
  tenant = tenantDefault,
): Promise<SearchResponse> {
  const runtime = await runtimeOnData(data, undefined, silentLog)
  const options = parseSearchRequest((name) => asked.get(name) ?? undefined)
  return searchResponse(await searchPage(tenant, options, runtime, readCache()))
}

function foundText(count: number): string {
  return `${count} ${count === 1 ? 'trace' : 'traces'}`
}

/** A cursor is of one range: what is counted back from now is another one each time. */
function moreText(next: string, { since }: SearchOptions, asked: URLSearchParams): string {
  if (since === undefined) return `--after ${next}`
  return `--start ${asked.get('start')} --after ${next} (without --since)`
}

function costText({ spanlake: { cost } }: SearchResponse): string {
  const { filesRead, filesConsidered, gets, bytesRead } = cost
  const bytes = bytesRead.toLocaleString('en-US')
  return `from ${filesRead} of ${filesConsidered} files by ${gets} reads of ${bytes} bytes`
}
