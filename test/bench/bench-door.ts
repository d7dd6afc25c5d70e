import { openAccess } from '../../src/ingest/access.ts'
import type { Door, DoorRequest } from '../../src/ingest/export-traces.ts'
import type { EnvelopeSender } from '../../src/ingest/gather-envelopes.ts'
import { rateLimit } from '../../src/ingest/rate-limit.ts'
import type { Runtime } from '../../src/runtime.ts'

/** A door without tokens. */
export function benchDoor(runtime: Runtime, queue: EnvelopeSender): Door {
  return {
    runtime,
    queue,
    access: openAccess(),
    rate: rateLimit(runtime.clock),
    corsOrigins: [],
    inFlight: { bytes: 0 },
  }
}

/** A request whose body has arrived in one piece. */
export function gzipRequest(body: Uint8Array): DoorRequest {
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
    'content-length': String(body.length),
  }
  return { method: 'POST', header: (name) => headers[name], body: once(body) }
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
