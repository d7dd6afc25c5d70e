import { describe, expect, test } from 'vitest'
import { generateRequests } from '../../../../../functions/node/demo/generate-spans.ts'
import { checkRequest } from '../../../../../src/otlp/check.ts'
import { decodeRequest } from '../../../../../src/otlp/decode.ts'
import { SpanBatchBuilder } from '../../../../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../../../../src/span/spans-of-batch.ts'
import { hexOf } from '../../../../../src/span/trace-id.ts'

const startMs = 1_790_000_000_000

function decoded(spans: number, spansPerRequest: number) {
  const builder = new SpanBatchBuilder()
  generateRequests({ seed: 7, spans, spansPerRequest, startMs }).forEach((body, envelope) => {
    decodeRequest(body, builder, { envelope })
  })
  return spansOfBatch(builder.finish())
}

describe('generated requests', () => {
  test.each([1, 10, 99, 100, 512])('hold exactly the spans asked for, %i a request', (size) => {
    const counts = generateRequests({ seed: 1, spans: 3_000, spansPerRequest: size }).map(
      (body) => checkRequest(body).spans,
    )
    expect(counts.reduce((a, b) => a + b)).toBe(3_000)
    expect(Math.max(...counts)).toBeLessThanOrEqual(size)
  })

  test('are the same for the same seed and others for another', () => {
    const of = (seed: number) => generateRequests({ seed, spans: 200, spansPerRequest: 50 })
    expect(of(3)).toEqual(of(3))
    expect(of(3)).not.toEqual(of(4))
  })

  test('weigh about 366 bytes a span', () => {
    const bodies = generateRequests({ seed: 1, spans: 20_000, spansPerRequest: 512 })
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
    expect(bytes / 20_000).toBeGreaterThan(356)
    expect(bytes / 20_000).toBeLessThan(376)
  })

  test('form traces: each child lies under a parent of its trace and begins after it', () => {
    const spans = decoded(2_000, 512)
    const byId = new Map(spans.map((span) => [hexOf(span.spanId), span]))
    const children = spans.filter((span) => span.parentSpanId !== undefined)
    expect(children.length).toBeGreaterThan(1_500)
    for (const child of children) {
      const parent = byId.get(hexOf(child.parentSpanId as Uint8Array))
      expect(parent && hexOf(parent.traceId)).toBe(hexOf(child.traceId))
      expect(parent && parent.startNs <= child.startNs).toBe(true)
      expect(child.endNs >= child.startNs).toBe(true)
    }
  })

  test('cross services, fail now and then, and carry every scalar type', () => {
    const spans = decoded(5_000, 512)
    const attributes = spans.flatMap((span) => span.attributes)
    expect(new Set(attributes.map(({ value }) => value.kind))).toEqual(
      new Set(['string', 'int', 'double', 'bool']),
    )
    expect(new Set(attributes.map(({ key }) => key)).size).toBeGreaterThan(40)
    expect(new Set(spans.map((span) => span.resource)).size).toBeGreaterThan(12)
    expect(spans.some((span) => span.statusCode === 2 && span.events.length > 0)).toBe(true)
    expect(spans.some((span) => span.links.length > 0)).toBe(true)
    expect(spans[0]?.startNs).toBeGreaterThanOrEqual(BigInt(startMs) * 1_000_000n)
  })
})
