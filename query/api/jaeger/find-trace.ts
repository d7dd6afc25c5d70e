import { lookupTrace, type TraceAnswer } from '../../../src/lookup/lookup-trace.ts'
import type { Span } from '../../../src/span/span.ts'
import type { QueryContext } from '../../context.ts'
import { adjustSpans } from './adjust-spans.ts'

/** What can be said of a trace: here it is, nobody knows it, or nobody can say. */
export type FoundTrace =
  | { readonly kind: 'found'; readonly spans: readonly Span[]; readonly reasons: readonly string[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly message: string }

/** A trace by its id, at any age: times in a request are hints for stores that need them. */
export async function findTrace(
  tenant: string,
  traceId: Uint8Array,
  isRaw: boolean,
  { runtime, cache }: QueryContext,
): Promise<FoundTrace> {
  const answer = await lookupTrace(tenant, traceId, runtime, cache)
  if (answer.spans.length > 0) return { kind: 'found', ...shown(answer, isRaw) }
  if (answer.complete) return { kind: 'absent' }
  const reasons = answer.reasons.join('; ')
  return { kind: 'unknown', message: `whether the trace exists is not known: ${reasons}` }
}

function shown({ spans, reasons }: TraceAnswer, isRaw: boolean) {
  return { spans: isRaw ? spans : adjustSpans(spans), reasons }
}
