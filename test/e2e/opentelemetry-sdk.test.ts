import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHttpServer } from '../../src/adapters/node/http-server.ts'
import { type DoorAnswer, exportTraces } from '../../src/ingest/export-traces.ts'
import type { Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type MemoryDoor, memoryDoor } from '../helpers/memory-door.ts'
import { readTrace, spansIn, until } from '../helpers/otlp-json.ts'
import { startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const exporters = {
  protobuf: ProtobufExporter,
  json: JsonExporter,
} as const

interface Receiver {
  readonly url: string
  readonly memory: MemoryDoor
  /**
   * The spans that arrived since the last call. They are read from the queue, as a flush would read them; a test of
   * the whole way out puts its read by trace id here.
   */
  received(): Promise<readonly Span[]>
}

async function receiver(): Promise<Receiver> {
  const memory = memoryDoor()
  const server = await startHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    limits: memory.runtime.limits,
    exportTraces: async (request) => withoutWait(await exportTraces(request, memory.door)),
    app: { fetch: () => new Response('not here', { status: 404 }) },
  })
  onTestFinished(() => server.close())
  const received = async () => (await memory.takeQueued()).spans
  return { url: server.url, memory, received }
}

/** The SDK waits as long as Retry-After says; five seconds are too many for a test. */
function withoutWait(answer: DoorAnswer): DoorAnswer {
  if (answer.headers['retry-after'] === undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'retry-after': '0' } }
}

/** A service that traces itself, as its own process would. */
function service(name: string, exporter: SpanExporter) {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.version': '1.2.3' }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  return { tracer: provider.getTracer(`${name}-library`, '0.1'), provider }
}

const carrierOf = (span: ReturnType<ReturnType<typeof service>['tracer']['startSpan']>) =>
  trace.setSpan(ROOT_CONTEXT, span)

const choices = Object.keys(exporters).flatMap((encoding) =>
  (['none', 'gzip'] as const).map((compression) => ({
    encoding: encoding as keyof typeof exporters,
    compression,
  })),
)

describe.each(choices)('$encoding, compression $compression', ({ encoding, compression }) => {
  const exporterTo = (url: string) =>
    new exporters[encoding]({
      url: `${url}/v1/traces`,
      compression: compression as never,
      timeoutMillis: 10_000,
    })

  test('one trace across three services arrives whole', async () => {
    const { url, received, memory } = await receiver()
    const shop = service('shop', exporterTo(url))
    const cart = service('cart', exporterTo(url))
    const database = service('database', exporterTo(url))

    const root = shop.tracer.startSpan('GET /checkout', {
      kind: SpanKind.SERVER,
      attributes: {
        'http.route': '/checkout',
        'http.response.status_code': 200,
        ratio: 0.25,
        sampled: true,
        tags: ['a', 'b'],
      },
    })
    const call = cart.tracer.startSpan('cart.Get', { kind: SpanKind.CLIENT }, carrierOf(root))
    const link = { context: root.spanContext(), attributes: { why: 'test' } }
    const query = database.tracer.startSpan('SELECT', { links: [link] }, carrierOf(call))
    query.addEvent('locked', { table: 'cart', waits: 3 })
    query.setStatus({ code: SpanStatusCode.ERROR, message: 'deadlock' })
    for (const span of [query, call, root]) span.end()
    for (const { provider } of [shop, cart, database]) await provider.shutdown()

    const spans = await received()
    const byName = Object.fromEntries(spans.map((span) => [span.name, span]))
    expect(Object.keys(byName).sort()).toEqual(['GET /checkout', 'SELECT', 'cart.Get'])
    const { traceId } = root.spanContext()
    for (const span of spans) expect(hexOf(span.traceId)).toBe(traceId)
    const [checkout, get, select] = ['GET /checkout', 'cart.Get', 'SELECT'].map(
      (name) => byName[name] as Span,
    ) as [Span, Span, Span]

    expect(checkout.parentSpanId).toBeUndefined()
    expect(get.parentSpanId).toEqual(checkout.spanId)
    expect(select.parentSpanId).toEqual(get.spanId)
    expect(hexOf(checkout.spanId)).toBe(root.spanContext().spanId)
    expect(serviceOf(checkout)).toBe('shop')
    expect(serviceOf(get)).toBe('cart')
    expect(serviceOf(select)).toBe('database')
    expect(checkout.scope).toMatchObject({ name: 'shop-library', version: '0.1' })
    expect(checkout).toMatchObject({ kind: 2, statusCode: 0 })
    expect(attributesOf(checkout)).toEqual({
      'http.route': { kind: 'string', value: '/checkout' },
      'http.response.status_code': { kind: 'int', value: 200n },
      ratio: { kind: 'double', value: 0.25 },
      sampled: { kind: 'bool', value: true },
      tags: {
        kind: 'array',
        values: [
          { kind: 'string', value: 'a' },
          { kind: 'string', value: 'b' },
        ],
      },
    })
    expect(select).toMatchObject({ statusCode: 2, statusMessage: 'deadlock' })
    expect(select.events).toMatchObject([
      { name: 'locked', attributes: [{ key: 'table' }, { key: 'waits' }] },
    ])
    expect(select.links).toMatchObject([{ traceId: checkout.traceId, spanId: checkout.spanId }])
    expect(select.startNs).toBeGreaterThan(10n ** 18n)
    expect(select.endNs).toBeGreaterThanOrEqual(select.startNs)
    // Flags of the W3C trace context: sampled.
    expect(checkout.flags & 1).toBe(1)
    expect(memory.counted.get('spanlake_requests_total{status="200"}')).toBe(3)
  })

  test('a 503 is tried again, and a lost answer makes a repeat that is recognized', async () => {
    const { url, memory } = await receiver()
    memory.faults.push(
      async () => {
        throw new Error('queue is away')
      },
      async (send) => {
        await send()
        throw new Error('answer lost')
      },
    )
    const { tracer, provider } = service('shop', exporterTo(url))
    tracer.startSpan('GET /').end()
    await provider.shutdown()
    expect(memory.counted.get('spanlake_requests_total{status="503"}')).toBe(2)
    expect(memory.counted.get('spanlake_requests_total{status="200"}')).toBe(1)
    const { envelopes, spans } = await memory.takeQueued()
    expect(spans.map(({ name }) => name)).toEqual(['GET /', 'GET /'])
    // What was sent twice has one id, by which the press knows it again.
    expect(envelopes[0]?.id).toEqual(envelopes[1]?.id)
  })

  test('a thousand spans from a busy service all arrive once', async () => {
    const { url, received } = await receiver()
    const { tracer, provider } = service('busy', exporterTo(url))
    const expected = new Set<string>()
    for (let i = 0; i < 1_000; i++) {
      const span = tracer.startSpan(`span ${i}`)
      expected.add(span.spanContext().spanId)
      span.end()
    }
    await provider.shutdown()
    const ids = (await received()).map(({ spanId }) => hexOf(spanId))
    expect(ids).toHaveLength(1_000)
    expect(new Set(ids)).toEqual(expected)
  })
})

function serviceOf({ resource }: Span): string | undefined {
  const name = resource.attributes.find(({ key }) => key === 'service.name')?.value
  return name?.kind === 'string' ? name.value : undefined
}

function attributesOf({ attributes }: Span): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]))
}

describe.each(choices)('$encoding, compression $compression, all the way', (choice) => {
  test('one trace across two services is read back from a real server, also after a restart', async () => {
    const data = await temporaryFolder()
    const first = await startSpanlake(data, ['--flush-interval', '50ms'])
    const exporter = () =>
      new exporters[choice.encoding]({
        url: `${first.url}/v1/traces`,
        compression: choice.compression as never,
      })
    const shop = service('shop', exporter())
    const cart = service('cart', exporter())
    const root = shop.tracer.startSpan('GET /', { kind: SpanKind.SERVER, attributes: { items: 3 } })
    const child = cart.tracer.startSpan('read cart', { kind: SpanKind.CLIENT }, carrierOf(root))
    child.end()
    root.end()
    await Promise.all([shop.provider.shutdown(), cart.provider.shutdown()])
    const { traceId } = root.spanContext()
    const read = (url: string) =>
      until(
        () => readTrace(url, traceId),
        (trace) => trace.spanlake.spans === 2,
      )
    const before = await read(first.url)
    expect(
      spansIn(before)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['GET /', 'read cart'])
    expect(before.resourceSpans.map(({ resource }) => JSON.stringify(resource)).sort()).toEqual([
      expect.stringContaining('"stringValue":"cart"'),
      expect.stringContaining('"stringValue":"shop"'),
    ])
    const parents = new Map(spansIn(before).map((span) => [span.name, span.parentSpanId]))
    expect(parents.get('read cart')).toBe(root.spanContext().spanId)
    expect(parents.get('GET /')).toBeUndefined()
    await first.stop('SIGTERM')
    const second = await startSpanlake(data)
    expect(spansIn(await read(second.url))).toEqual(spansIn(before))
    await second.stop('SIGTERM')
  })
})
