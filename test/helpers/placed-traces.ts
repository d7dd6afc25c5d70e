import fc from 'fast-check'
import type { Span } from '../../src/span/span.ts'
import { arbitraryTrace } from '../unit/query/traceql/arbitrary-trace.ts'
import type { TestSpan } from '../unit/query/traceql/table-of.ts'
import { nowNs } from './lookup-world.ts'
import { spanOfTestSpan } from './span-of-test-span.ts'

export const hourNs = 3_600_000_000_000n

/** Traces that start now, hours ago and, as strays, weeks ago; each span in one of three flushes. */
export function placedTracesOf(spans: fc.Arbitrary<TestSpan[]>) {
  return fc.array(
    fc.record({
      spans,
      agoNs: fc.constantFrom(0n, 1_000n, hourNs, 5n * hourNs, 700n * hourNs),
      stepsNs: fc.array(fc.constantFrom(0n, 1n, 1_000n, hourNs), { minLength: 10, maxLength: 10 }),
      flushes: fc.array(fc.constantFrom(0, 1, 2), { minLength: 10, maxLength: 10 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
}

export const placedTraces = placedTracesOf(arbitraryTrace())

type PlacedTraces = typeof placedTraces extends fc.Arbitrary<infer Traces> ? Traces : never

/** The spans of each flush. */
export function flushesOf(traces: PlacedTraces): readonly (readonly Span[])[] {
  const flushes: Span[][] = [[], [], []]
  for (const [number, { spans, agoNs, stepsNs, flushes: places }] of traces.entries()) {
    for (const [i, span] of spans.entries()) {
      const startNs = nowNs - agoNs + (stepsNs[i] ?? 0n)
      const trace = (number + 1).toString(16).repeat(16)
      flushes[places[i] ?? 0]?.push(spanOfTestSpan({ ...span, trace }, startNs))
    }
  }
  return flushes
}
