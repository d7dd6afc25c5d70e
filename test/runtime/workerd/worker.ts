import type { R2Bucket } from '@cloudflare/workers-types'
import { createApp } from '../../../query/app.ts'
import { workerdCodec } from '../../../src/adapters/cloudflare/codec.ts'
import { r2Store } from '../../../src/adapters/cloudflare/r2-store.ts'
import { compactStep } from '../../../src/compact/compact.ts'
import { flushMessages } from '../../../src/flush/flush-messages.ts'
import { openAccess } from '../../../src/ingest/access.ts'
import { exportTraces } from '../../../src/ingest/export-traces.ts'
import { sendEach } from '../../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../../src/ingest/rate-limit.ts'
import { defaultLimits, tenantDefault } from '../../../src/limits.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { silentMeter } from '../../../src/ports/meter.ts'
import type { Queue } from '../../../src/ports/queue.ts'
import type { Runtime } from '../../../src/runtime.ts'
import { readCache } from '../../../src/snapshot/read-cache.ts'

// The flows as a Worker runs them, over real R2: the door fills an array where the queue will stand, `/flush` presses
// it, `/compact` merges what was flushed.
const queued: Uint8Array[] = []
const queue: Queue = {
  maxMessageBytes: 127_900,
  async send(body) {
    queued.push(body.slice())
  },
}
const cache = readCache({
  tailBytesMax: 1024 * 1024,
  indexBytesMax: 8 * 1024 * 1024,
  columnBytesMax: 8 * 1024 * 1024,
})

export default {
  async fetch(request: Request, env: { readonly BUCKET: R2Bucket }): Promise<Response> {
    const runtime: Runtime = {
      region: 'workerd',
      store: r2Store(env.BUCKET),
      codec: workerdCodec,
      limits: defaultLimits,
      log: silentLog,
      meter: silentMeter,
      clock: { nowMs: () => Date.now(), sleep: async () => {} },
      random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    }
    const access = openAccess()
    const { pathname } = new URL(request.url)
    if (pathname === '/v1/traces') {
      const door = {
        runtime,
        access,
        queue: sendEach(queue),
        rate: rateLimit(runtime.clock),
        corsOrigins: [],
        inFlight: { bytes: 0 },
      }
      const { status, headers, body } = await exportTraces(
        {
          method: request.method,
          header: (name) => request.headers.get(name) ?? undefined,
          body: chunksOf(request),
        },
        door,
      )
      return new Response(body.slice(), { status, headers })
    }
    if (pathname === '/flush') {
      const messages = queued.splice(0).map((body, id) => ({
        id: String(id),
        body,
        attempt: 1,
        sentMs: 0,
        async ack() {},
        async retry() {},
      }))
      return Response.json(await flushMessages(messages, runtime))
    }
    if (pathname === '/compact') {
      const { kind } = await compactStep(tenantDefault, runtime, cache, { now: true })
      return Response.json({ kind })
    }
    return createApp({ runtime, access, cache, queue }).fetch(request)
  },
}

async function* chunksOf(request: Request): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await request.arrayBuffer())
}
