import type {
  FoundField,
  FoundSet,
  FoundTrace,
  SearchAnswer,
  SearchCost,
} from '../../search/search-answer.ts'
import type { Field } from '../../traceql/ast.ts'
import { type AnyValueJson, anyValueJson } from './any-value-json.ts'
import { oneTypePerKey } from './one-type-per-key.ts'

/** What Tempo says where the root is not there. */
const noRoot = '<root span not yet received>'

const uint32Max = 2 ** 32 - 1

/** tempo.proto SearchResponse. Strict clients decode it: no keys but those. `spanSet`, which would hide all but one, is left out. */
export function searchJson({ traces, cost, complete }: SearchAnswer) {
  return {
    traces: withOneType(traces.map(traceJson)),
    metrics: costJson(cost, complete),
  }
}

/** tempo.proto SearchMetrics, of searches and of metrics queries. */
export function costJson(cost: SearchCost, complete: boolean) {
  return {
    inspectedTraces: cost.tracesRead,
    inspectedBytes: String(cost.bytesRead),
    totalBlocks: cost.filesConsidered,
    inspectedSpans: String(cost.spansScanned),
    backendReads: String(cost.gets),
    backendBytes: String(cost.bytesRead),
    additionalMetrics: {
      complete: complete ? '1' : '0',
      filesRead: String(cost.filesRead),
      rowGroups: String(cost.groupsConsidered),
      rowGroupsRead: String(cost.groupsRead),
      backendLists: String(cost.lists),
    },
  }
}

function traceJson({ traceId, root, startNs, durationNs, services, sets }: FoundTrace) {
  const ofServices = Array.from(services, ([service, { spans, errors }]) => [
    service,
    { spanCount: spans, ...(errors > 0 && { errorCount: errors }) },
  ])
  return {
    traceID: traceId,
    rootServiceName: root === undefined ? noRoot : root.service,
    rootTraceName: root?.name ?? '',
    startTimeUnixNano: String(startNs),
    durationMs: Math.min(Number(durationNs / 1_000_000n), uint32Max),
    spanSets: sets.map(setJson),
    serviceStats: Object.fromEntries(ofServices),
  }
}

function withOneType(traces: readonly ReturnType<typeof traceJson>[]) {
  const sets = traces.flatMap(({ spanSets }) => spanSets)
  const shown = oneTypePerKey(sets.flatMap(({ spans }) => spans.map((span) => span.attributes)))
  const spansOf = ({ spans }: (typeof sets)[number]) =>
    spans.map((span) => ({ ...span, attributes: shown(span.attributes) }))
  return traces.map((trace) => ({
    ...trace,
    spanSets: trace.spanSets.map((set) => ({ ...set, spans: spansOf(set) })),
  }))
}

function setJson({ matched, spans, attributes }: FoundSet) {
  return {
    spans: spans.map(({ spanId, name, startNs, durationNs, fields }) => ({
      spanID: spanId,
      name,
      startTimeUnixNano: String(startNs),
      durationNanos: String(durationNs),
      attributes: fieldsJson(fields),
    })),
    matched,
    attributes: attributes.map(({ name, type, value }) => ({
      key: name,
      value: anyValueJson(type, value),
    })),
  }
}

/** Keys without scopes, each once, and nothing that stands beside the attributes anyway. */
function fieldsJson(fields: readonly FoundField[]) {
  const shown = new Map<string, AnyValueJson>()
  for (const { field, type, value } of fields) {
    const key = keyOf(field)
    if (key !== undefined && value !== null && !shown.has(key))
      shown.set(key, anyValueJson(type, value))
  }
  return Array.from(shown, ([key, value]) => ({ key, value }))
}

const shownElsewhere: ReadonlySet<string> = new Set([
  'name',
  'duration',
  'span:id',
  'trace:id',
  'rootName',
  'rootServiceName',
  'traceDuration',
])

function keyOf(field: Field): string | undefined {
  if (field.kind === 'attribute') return field.key
  return shownElsewhere.has(field.name) ? undefined : field.name
}
