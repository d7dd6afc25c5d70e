import { randomBytes } from 'node:crypto'

export interface TestSpan {
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly kind?: number
  readonly attributes?: readonly unknown[]
}

export function testSpan(overrides: Partial<TestSpan> = {}): TestSpan {
  const startNs = BigInt(Date.now()) * 1_000_000n
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: startNs.toString(),
    endTimeUnixNano: (startNs + 5_000_000n).toString(),
    ...overrides,
  }
}

/** An OTLP/JSON request of one service. */
export function testRequest(spans: readonly TestSpan[], service = 'cart'): string {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }]
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'test' }, spans }] }],
  })
}

export async function exportJson(url: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/v1/traces`, { method: 'POST', headers, body })
}

export interface NativeTrace {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly unknown[] }
    readonly scopeSpans: readonly { readonly spans: readonly TestSpan[] }[]
  }[]
  readonly spanlake: { readonly complete: boolean; readonly spans: number }
}

export async function readTrace(url: string, traceId: string): Promise<NativeTrace> {
  const response = await fetch(`${url}/api/v1/traces/${traceId}`)
  return (await response.json()) as NativeTrace
}

export function spansIn(trace: NativeTrace): TestSpan[] {
  return trace.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
}

/** Asks until the answer holds, for at most `ms`: a flush takes its interval. */
export async function until<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  ms = 20_000,
): Promise<T> {
  const endMs = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (holds(answer) || Date.now() > endMs) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
