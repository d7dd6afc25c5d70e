import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateRequests } from './demo/generate-spans.ts'
import { type ServeOptions, serve } from './serve.ts'
import { untilSignal } from './serve-command.ts'
import { askServer } from './server-client.ts'

export interface DemoOptions extends Omit<ServeOptions, 'data'> {
  readonly spansPerSecond: number
}

const spansPerRequest = 50

/** Serves in a temporary folder, sends generated traffic, and prints the URL of a trace once it can be read. */
export async function demoCommand(options: DemoOptions): Promise<void> {
  const signalled = untilSignal()
  const data = await mkdtemp(join(tmpdir(), 'spanlake-demo-'))
  await using started = new AsyncDisposableStack()
  started.defer(() => rm(data, { recursive: true, force: true }))
  const served = started.adopt(await serve({ ...options, data }), (served) => served.close())
  const stopping = new AbortController()
  const traffic = sendTraffic(served.url, options.spansPerSecond, stopping.signal)
  started.defer(async () => {
    stopping.abort()
    await traffic.catch(() => {})
  })
  if ((await Promise.race([printTrace(served.url), signalled])) === 'signalled') return
  process.stdout.write(`sending ${options.spansPerSecond} spans/s until ctrl-c\n`)
  await Promise.race([traffic, signalled])
}

async function sendTraffic(
  url: string,
  spansPerSecond: number,
  signal: AbortSignal,
): Promise<void> {
  const pauseMs = (spansPerRequest * 1_000) / spansPerSecond
  for (let seed = 1; !signal.aborted; seed++) {
    const bodies = generateRequests({
      seed,
      spans: spansPerRequest,
      spansPerRequest,
      startMs: Date.now() - 2_000,
    })
    for (const body of bodies) {
      const headers = { 'content-type': 'application/x-protobuf' }
      const response = await fetch(`${url}/v1/traces`, {
        method: 'POST',
        headers,
        body: body.slice(),
      })
      await response.arrayBuffer()
      if (!response.ok) process.stderr.write(`the server answered ${response.status}\n`)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

interface TraceList {
  readonly traces: readonly {
    traceId: string
    rootService?: string
    rootName?: string
    spans: number
  }[]
}

async function printTrace(url: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const body = await askServer({ from: url }, '/api/v1/traces?limit=20')
    const { traces } = JSON.parse(new TextDecoder().decode(body)) as TraceList
    const trace = traces.toSorted((a, b) => b.spans - a.spans)[0]
    if (!trace) continue
    process.stdout.write(
      `a trace to look at (${trace.spans} spans, ${trace.rootService} ${trace.rootName}):\n` +
        `  ${url}/api/v1/traces/${trace.traceId}\n` +
        `  npx spanlake trace ${trace.traceId} --from ${url}\n`,
    )
    return
  }
}
