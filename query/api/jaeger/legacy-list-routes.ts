import type { Context, Hono } from 'hono'
import { SpanlakeError } from '../../../src/errors.ts'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import { adjustSpans } from './adjust-spans.ts'
import { legacyAnswer } from './answers.ts'
import { kindName } from './names.ts'
import { parametersOf } from './parameters.ts'
import { parseLegacyDependencies, parseLegacySearch } from './parse-legacy-search.ts'
import type { JaegerReaders, SearchTraces } from './readers.ts'
import { searchTraceql } from './search.ts'
import { jaegerTrace } from './trace-json.ts'

/** What the legacy API asks beyond traces by id, as far as there are readers for it; search stands in `legacyRoutes`. */
export function legacyListRoutes(app: Hono, context: QueryContext): void {
  const { listServices, listOperations, readDependencies } = context.jaeger ?? {}
  if (listServices) readOnly(app, '/services', (c) => services(c, listServices, context))
  if (listOperations) {
    readOnly(app, '/operations', (c) => operations(c, listOperations, context))
    // Grafana does not escape names: one may hold a slash.
    readOnly(app, '/services/:service{.+}/operations', (c) =>
      operationNames(c, listOperations, context),
    )
  }
  if (readDependencies) {
    readOnly(app, '/dependencies', (c) => dependencies(c, readDependencies, context))
  }
}

type Reader<Name extends keyof JaegerReaders> = NonNullable<JaegerReaders[Name]>

/** Traces that have no spans are none: Grafana looks into the first span of each before anything else. */
export async function legacySearch(
  c: Context,
  searchTraces: SearchTraces,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const all = (name: string) => c.req.queries(name) ?? []
  const search = parseLegacySearch(all, context.runtime.clock.nowMs())
  const query = searchTraceql(search)
  const { signal } = c.req.raw
  const found = await searchTraces(tenant, query, search.range, search.limit, signal)
  incompleteHeader(c, found.reasons)
  const shown = (spans: (typeof found.value)[number]['spans']) =>
    search.isRaw ? spans : adjustSpans(spans)
  const traces = found.value
    .filter(({ spans }) => spans.length > 0)
    .map(({ traceId, spans }) => jaegerTrace(shown(spans), traceId, []))
  return legacyAnswer(c, traces)
}

async function services(
  c: Context,
  listServices: Reader<'listServices'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const { value, reasons } = await listServices(tenant, c.req.raw.signal)
  incompleteHeader(c, reasons)
  return legacyAnswer(c, value, { total: value.length })
}

async function operations(
  c: Context,
  listOperations: Reader<'listOperations'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const one = parametersOf(c)
  const service = one('service')
  if (service === undefined) {
    throw new SpanlakeError('invalid', "parameter 'service' is required")
  }
  const { value, reasons } = await listOperations(tenant, service, c.req.raw.signal)
  incompleteHeader(c, reasons)
  const wanted = one('spanKind')
  const data = value
    .map(({ name, kind }) => ({ name, spanKind: kindName(kind) }))
    .filter(({ spanKind }) => wanted === undefined || spanKind === wanted)
  return legacyAnswer(c, data, { total: data.length })
}

/** Some clients escape a name twice; Jaeger unescapes it twice, which a name with a percent sign does not survive. */
async function operationNames(
  c: Context,
  listOperations: Reader<'listOperations'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const service = c.req.param('service') ?? ''
  const { signal } = c.req.raw
  let found = await listOperations(tenant, service, signal)
  const unescaped = unescapeAgain(service)
  if (found.value.length === 0 && unescaped !== service) {
    found = await listOperations(tenant, unescaped, signal)
  }
  incompleteHeader(c, found.reasons)
  const names = [...new Set(found.value.map(({ name }) => name))]
  return legacyAnswer(c, names, { total: names.length })
}

function unescapeAgain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function dependencies(
  c: Context,
  readDependencies: Reader<'readDependencies'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const one = parametersOf(c)
  const range = parseLegacyDependencies(one, context.runtime.clock.nowMs())
  const { value, reasons } = await readDependencies(tenant, range, c.req.raw.signal)
  incompleteHeader(c, reasons)
  const service = one('service')
  const links = value
    .filter(({ parent, child }) => service === undefined || parent === service || child === service)
    .map(({ parent, child, calls }) => ({ parent, child, callCount: calls }))
  return legacyAnswer(c, links)
}
