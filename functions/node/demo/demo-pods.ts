import { AsciiWriter } from './ascii-writer.ts'
import { encodeFixed, int, text } from './demo-attributes.ts'
import { type DemoService, demoServices } from './demo-services.ts'
import { type SeededNumbers, seededNumbers } from './seeded-numbers.ts'

/** One instance of a service, with the spans that wait for its next request. */
export interface DemoPod {
  /** The encoded Resource message. */
  readonly resource: Uint8Array
  /** Spans by scope, each a field of ScopeSpans. */
  readonly scopes: Map<string, AsciiWriter>
  spans: number
}

/** The pods of each service; the same in every run, as a cluster is while traffic changes. */
export function startPods(): ReadonlyMap<string, readonly DemoPod[]> {
  const numbers = seededNumbers(1)
  return new Map(
    demoServices.map((service) => [
      service.name,
      Array.from({ length: service.pods }, () => startPod(service, numbers)),
    ]),
  )
}

function startPod(service: DemoService, numbers: SeededNumbers): DemoPod {
  const { name, language, sdkVersion } = service
  const id = `${numbers.hex(8)}-${numbers.hex(4)}-4${numbers.hex(3)}-a${numbers.hex(3)}-${numbers.hex(12)}`
  const pod = `${name}-${numbers.hex(9)}-${numbers.hex(5)}`
  const resource = encodeFixed(0x0a, [
    text('service.name', name),
    text('service.namespace', 'opentelemetry-demo'),
    text('service.version', '2.1.3'),
    text('service.instance.id', id),
    text('telemetry.sdk.name', 'opentelemetry'),
    text('telemetry.sdk.language', language),
    text('telemetry.sdk.version', sdkVersion),
    text('deployment.environment.name', 'demo'),
    text('host.name', `node-${numbers.whole(1, 5)}`),
    text('os.type', 'linux'),
    int('process.pid', 1),
    text('k8s.namespace.name', 'otel-demo'),
    text('k8s.deployment.name', name),
    text('k8s.pod.name', pod),
  ])
  return { resource, scopes: new Map(), spans: 0 }
}

/** What the pods hold, as one ExportTraceServiceRequest; they are empty afterwards. */
export function takeRequest(pods: readonly DemoPod[]): Uint8Array<ArrayBuffer> {
  const spans = pods.reduce((sum, pod) => sum + pod.spans, 0)
  const writer = new AsciiWriter(1024 + spans * 450)
  for (const pod of pods) {
    if (pod.spans === 0) continue
    const start = writer.open(0x0a)
    const resourceStart = writer.open(0x0a)
    writer.raw(pod.resource)
    writer.close(resourceStart)
    for (const [scope, spans] of pod.scopes) {
      if (spans.length > 0) writeScopeSpans(writer, scope, spans)
      spans.clear()
    }
    writer.text(0x1a, 'https://opentelemetry.io/schemas/1.37.0')
    writer.close(start)
    pod.spans = 0
  }
  return writer.written().slice()
}

function writeScopeSpans(writer: AsciiWriter, scope: string, spans: AsciiWriter): void {
  const start = writer.open(0x12)
  const scopeStart = writer.open(0x0a)
  writer.text(0x0a, scope)
  writer.text(0x12, '0.58.0')
  writer.close(scopeStart)
  writer.raw(spans.written())
  writer.close(start)
}
