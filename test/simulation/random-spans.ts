import type { SeededRandom } from '../../src/adapters/memory/random.ts'
import type { AnyValue, Span } from '../../src/span/span.ts'

const dayMs = 24 * 3_600_000
const services = ['cart', 'checkout', 'payment']
const keys = ['http.route', 'Http.Route', 'rows', 'ratio', 'cached', 'tags', 'a_b', 'a.b']

/**
 * One to nine spans of one to three new traces; some start days away, some lie on the border of being stray. Spans of one
 * trace start within an hour of each other, so that a list sees the whole trace.
 */
export function randomSpans(random: SeededRandom, nowMs: number): Span[] {
  const traces = Array.from({ length: 1 + random.below(3) }, () => ({
    traceId: random.bytes(16),
    startMs: Math.floor(nowMs) - distanceMs(random),
  }))
  return Array.from({ length: 1 + random.below(9) }, (): Span => {
    const { traceId, startMs } = traces[random.below(traces.length)]!
    const startNs =
      BigInt(startMs - random.below(50 * 60_000)) * 1_000_000n + BigInt(random.below(1_000_000))
    const service = services[random.below(services.length)]!
    return {
      traceId,
      spanId: random.bytes(8),
      parentSpanId: random.chance(0.5) ? random.bytes(8) : undefined,
      traceState: random.chance(0.1) ? 'a=b' : '',
      name: `operation ${random.below(5)}`,
      kind: random.below(6),
      startNs,
      endNs: startNs + BigInt(random.below(1_000_000_000)),
      statusCode: random.below(3),
      statusMessage: random.chance(0.1) ? 'broken pipe' : '',
      flags: random.below(2 ** 32),
      attributes: keys
        .filter(() => random.chance(0.4))
        .map((key) => ({ key, value: randomValue(random) })),
      droppedAttributesCount: random.below(3),
      events: random.chance(0.2)
        ? [{ timeNs: startNs, name: 'exception', attributes: [], droppedAttributesCount: 0 }]
        : [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      resource: {
        attributes: [{ key: 'service.name', value: { kind: 'string', value: service } }],
        droppedAttributesCount: 0,
        schemaUrl: '',
      },
      scope: { name: 'sim', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
    }
  })
}

function distanceMs(random: SeededRandom): number {
  const choice = random.number()
  if (choice < 0.6) return random.below(1_000)
  if (choice < 0.8) return random.below(3 * 3_600_000)
  return random.below(30 * dayMs)
}

function randomValue(random: SeededRandom): AnyValue {
  switch (random.below(6)) {
    case 0:
      return { kind: 'string', value: `value ${random.below(50)}` }
    case 1:
      return { kind: 'int', value: BigInt(random.below(1_000_000)) - 500_000n }
    case 2:
      return { kind: 'double', value: random.number() }
    case 3:
      return { kind: 'bool', value: random.chance(0.5) }
    case 4:
      return { kind: 'bytes', value: random.bytes(5) }
    default:
      return {
        kind: 'array',
        values: [{ kind: 'empty' }, { kind: 'int', value: 9_007_199_254_740_993n }],
      }
  }
}
