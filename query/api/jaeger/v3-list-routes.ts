import type { Context, Hono } from 'hono'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import type { Operation } from '../../tags/list-operations.ts'
import { adjustSpans } from './adjust-spans.ts'
import { jaegerError } from './answers.ts'
import { kindName } from './names.ts'
import { parametersOf } from './parameters.ts'
import { parseV3Range, parseV3Search, spelled } from './parse-v3-search.ts'
import type { JaegerReaders, SearchArguments, SearchTraces, SummarizeTraces } from './readers.ts'
import { type JaegerSearch, searchTraceql } from './search.ts'
import { jaegerSummary, traceFacts } from './trace-summary.ts'
import { v3Traces } from './v3-json.ts'

/** What version 3 asks beyond traces by id, as far as there are readers for it. */
export function v3ListRoutes(app: Hono, context: QueryContext): void {
  const { searchTraces, listServices, listOperations, readDependencies } = context.jaeger ?? {}
  const summarizeTraces =
    context.jaeger?.summarizeTraces ?? (searchTraces && countSpans(searchTraces))
  if (searchTraces) readOnly(app, '/traces', (c) => traces(c, searchTraces, context))
  if (summarizeTraces) {
    readOnly(app, '/trace-summaries', (c) => summaries(c, summarizeTraces, context))
  }
  if (listServices) readOnly(app, '/services', (c) => services(c, listServices, context))
  if (listOperations) readOnly(app, '/operations', (c) => operations(c, listOperations, context))
  if (readDependencies) {
    readOnly(app, '/dependencies', (c) => dependencies(c, readDependencies, context))
  }
}

type Reader<Name extends keyof JaegerReaders> = NonNullable<JaegerReaders[Name]>

export const noTraces = 'No traces found'

async function traces(
  c: Context,
  searchTraces: SearchTraces,
  context: QueryContext,
): Promise<Response> {
  const { search, given } = searchOf(c, context)
  const { value, reasons } = await searchTraces(...given)
  incompleteHeader(c, reasons)
  const spans = value.flatMap((trace) => (search.isRaw ? trace.spans : adjustSpans(trace.spans)))
  return spans.length === 0 ? jaegerError(c, 404, noTraces) : c.json(v3Traces(spans))
}

async function summaries(
  c: Context,
  summarizeTraces: SummarizeTraces,
  context: QueryContext,
): Promise<Response> {
  const { value, reasons } = await summarizeTraces(...searchOf(c, context).given)
  incompleteHeader(c, reasons)
  return c.json({ summaries: value.map(jaegerSummary) })
}

function searchOf(
  c: Context,
  context: QueryContext,
): { readonly search: JaegerSearch; readonly given: SearchArguments } {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const search = parseV3Search(parametersOf(c))
  const { range, limit } = search
  return { search, given: [tenant, searchTraceql(search), range, limit, c.req.raw.signal] }
}

/** Traces that have no spans are none. */
function countSpans(searchTraces: SearchTraces): SummarizeTraces {
  return async (...given) => {
    const { value, reasons } = await searchTraces(...given)
    return { value: value.filter(({ spans }) => spans.length > 0).map(traceFacts), reasons }
  }
}

async function services(
  c: Context,
  listServices: Reader<'listServices'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const { value, reasons } = await listServices(tenant, c.req.raw.signal)
  incompleteHeader(c, reasons)
  return c.json({ services: value })
}

async function operations(
  c: Context,
  listOperations: Reader<'listOperations'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const one = parametersOf(c)
  const { value, reasons } = await listOperations(tenant, one('service') ?? '', c.req.raw.signal)
  incompleteHeader(c, reasons)
  const [, wanted] = spelled(one, 'spanKind')
  const shown = value.map(v3Operation)
  const distinct = new Map(shown.map((one) => [JSON.stringify(one), one])).values()
  return c.json({
    operations: [...distinct].filter(({ spanKind }) => wanted === undefined || spanKind === wanted),
  })
}

/** Version 3 has no word for a kind that nobody gave. */
function v3Operation({ name, kind }: Operation) {
  return { name, spanKind: kindName(kind) || 'internal' }
}

async function dependencies(
  c: Context,
  readDependencies: Reader<'readDependencies'>,
  context: QueryContext,
): Promise<Response> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const range = parseV3Range(parametersOf(c), 'startTime', 'endTime')
  const { value, reasons } = await readDependencies(tenant, range, c.req.raw.signal)
  incompleteHeader(c, reasons)
  return c.json({
    dependencies: value.map(({ parent, child, calls }) => ({
      parent,
      child,
      callCount: String(calls),
    })),
  })
}
