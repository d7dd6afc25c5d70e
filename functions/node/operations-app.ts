import type { App } from '../../src/adapters/node/app-thread.ts'
import type { NodeMeter } from '../../src/adapters/node/meter.ts'
import type { SqliteQueueClient } from '../../src/adapters/node/sqlite-queue.ts'
import { messageOf } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'

export interface Operations {
  readonly meter: NodeMeter
  readonly queue: SqliteQueueClient
  readonly runtime: Runtime
  /** Everything that is not operations. */
  readonly app: App
}

/**
 * What operators ask of the process itself, answered by the thread that holds it: `/healthz` (it runs), `/readyz` (its
 * store answers, and its queue takes spans; Tempo's clients say `/ready`), `/metrics` (Prometheus text). All else goes to
 * the app.
 */
export function operationsApp(operations: Operations): App {
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/healthz') return text(200, 'ok\n')
      if (pathname === '/readyz' || pathname === '/tempo/ready') return ready(operations)
      if (pathname === '/metrics') return metrics(operations)
      return operations.app.fetch(request)
    },
  }
}

async function ready({ queue, runtime }: Operations): Promise<Response> {
  try {
    const [refusal] = await Promise.all([queue.refusal(), runtime.store.list('_ready/')])
    return refusal === undefined ? text(200, 'ready\n') : text(503, `not ready: ${refusal}\n`)
  } catch (error) {
    return text(503, `not ready: ${messageOf(error)}\n`)
  }
}

async function metrics({ meter, queue, runtime }: Operations): Promise<Response> {
  const { messages, bytes, oldestSentMs } = await queue.depth()
  const ageMs = oldestSentMs === undefined ? 0 : Math.max(0, runtime.clock.nowMs() - oldestSentMs)
  meter.gauge('spanlake_queue_messages', messages)
  meter.gauge('spanlake_queue_bytes', bytes)
  meter.gauge('spanlake_queue_oldest_seconds', ageMs / 1_000)
  return text(200, await meter.text(), 'text/plain; version=0.0.4; charset=utf-8')
}

function text(status: number, body: string, type = 'text/plain; charset=utf-8'): Response {
  return new Response(body, { status, headers: { 'content-type': type } })
}
