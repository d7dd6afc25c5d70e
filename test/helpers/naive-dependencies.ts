import { uniqueSpanIds } from '../../query/api/jaeger/unique-span-ids.ts'
import { callSums, type Dependency } from '../../query/dependencies/call-sums.ts'
import { serviceOf } from '../../src/span/service-of.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'

/** The calls between services that whole traces show, each span once: as one would count them by hand. */
export function naiveDependencies(spans: readonly Span[]): readonly Dependency[] {
  const sums = callSums()
  for (const trace of Map.groupBy(spans, ({ traceId }) => hexOf(traceId)).values()) {
    const unique = uniqueSpanIds(trace)
    const services = servicesById(unique)
    for (const { parentSpanId, ...span } of unique) {
      const parents = parentSpanId && services.get(hexOf(parentSpanId))
      const child = serviceOf(span as Span) ?? ''
      if (parents === undefined || parents.has(child) || child === '') continue
      const [parent = ''] = parents
      if (parent !== '') sums.add(parent, child, 1)
    }
  }
  return sums.all()
}

/** More than one where unrelated spans share an id: then a span's parent is the one of its own service, else the first. */
function servicesById(spans: readonly Span[]): Map<string, Set<string>> {
  const services = new Map<string, Set<string>>()
  for (const span of spans) {
    const id = hexOf(span.spanId)
    services.set(id, (services.get(id) ?? new Set()).add(serviceOf(span) ?? ''))
  }
  return services
}
