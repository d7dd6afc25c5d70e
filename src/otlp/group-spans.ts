import type { KeyValue, Resource, Scope, Span } from '../span/span.ts'
import { otlpJsonValue } from './encode-json.ts'

export interface ResourceGroup {
  readonly resource: Resource
  readonly scopes: readonly ScopeGroup[]
}

export interface ScopeGroup {
  readonly scope: Scope
  readonly spans: readonly Span[]
}

/** Spans by equal resource, then by equal scope; groups and the spans in them keep the order of first appearance. */
export function groupSpans(spans: readonly Span[]): ResourceGroup[] {
  const names = new Map<Resource | Scope, string>()
  const resourceOf = (span: Span) => named(names, span.resource)
  return [...Map.groupBy(spans, resourceOf).values()].map((ofResource) => ({
    resource: (ofResource[0] as Span).resource,
    scopes: [...Map.groupBy(ofResource, (span) => named(names, span.scope)).values()].map(
      (ofScope) => ({ scope: (ofScope[0] as Span).scope, spans: ofScope }),
    ),
  }))
}

/** A text that equal resources, and equal scopes, share: attributes in order of their keys. */
function named(names: Map<Resource | Scope, string>, part: Resource | Scope): string {
  const known = names.get(part)
  if (known !== undefined) return known
  const byKey = (a: KeyValue, b: KeyValue) => (a.key < b.key ? -1 : 1)
  const attributes = part.attributes
    .toSorted(byKey)
    .map(({ key, value }) => [key, otlpJsonValue(value)])
  const name = JSON.stringify({ ...part, attributes })
  names.set(part, name)
  return name
}
