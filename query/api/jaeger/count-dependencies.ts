import type { Span } from '../../../src/span/span.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import { textOrder } from '../../traceql/compare-values.ts'
import { noServiceName } from './names.ts'
import { serviceName } from './trace-json.ts'
import { uniqueSpanIds } from './unique-span-ids.ts'

/** How often one service called another. */
export interface Dependency {
  readonly parent: string
  readonly child: string
  readonly calls: number
}

/**
 * The calls between services that whole traces show: a span whose parent belongs to another service is one call. Spans
 * without a service, or without their parent, tell of none. Sorted by parent, then child.
 */
export function countDependencies(spans: readonly Span[]): Dependency[] {
  const traces = Map.groupBy(spans, ({ traceId }) => hexOf(traceId))
  return sumDependencies([...traces.values()].flatMap(callsIn))
}

/** Counts of the same two services made one. */
export function sumDependencies(counts: readonly Dependency[]): Dependency[] {
  const sums = new Map<string, Map<string, number>>()
  for (const { parent, child, calls } of counts) {
    const ofParent = sums.get(parent) ?? new Map<string, number>()
    sums.set(parent, ofParent.set(child, (ofParent.get(child) ?? 0) + calls))
  }
  const all = [...sums].flatMap(([parent, children]) =>
    Array.from(children, ([child, calls]) => ({ parent, child, calls })),
  )
  return all.sort((a, b) => textOrder(a.parent, b.parent) || textOrder(a.child, b.child))
}

function callsIn(trace: readonly Span[]): Dependency[] {
  const spans = uniqueSpanIds(trace)
  const services = servicesById(spans)
  return spans.flatMap((span) => {
    if (span.parentSpanId === undefined) return []
    const child = serviceName(span.resource)
    const parents = services.get(hexOf(span.parentSpanId))
    if (parents === undefined || parents.has(child) || !isNamed(child)) return []
    const [parent = ''] = parents
    return isNamed(parent) ? [{ parent, child, calls: 1 }] : []
  })
}

/** More than one where unrelated spans share an id: then a span's parent is the one of its own service, else the first. */
function servicesById(spans: readonly Span[]): Map<string, Set<string>> {
  const services = new Map<string, Set<string>>()
  for (const { spanId, resource } of spans) {
    const id = hexOf(spanId)
    services.set(id, (services.get(id) ?? new Set()).add(serviceName(resource)))
  }
  return services
}

function isNamed(service: string): boolean {
  return service !== '' && service !== noServiceName
}
