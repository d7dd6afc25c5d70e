import { gzipSync } from 'node:zlib'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { nodeClock } from '../../src/adapters/node/clock.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import type { Envelope } from '../../src/envelope/envelope.ts'
import { envelopeId } from '../../src/envelope/envelope-id.ts'
import { defaultLimits, tenantDefault } from '../../src/limits.ts'
import { checkRequest } from '../../src/otlp/check.ts'
import { silentLog } from '../../src/ports/log.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { Runtime } from '../../src/runtime.ts'

/** A runtime whose store costs nothing, so that what is measured is our own work. */
export function benchRuntime(): Runtime {
  return {
    region: 'bench',
    store: memoryStore({ clock: nodeClock }),
    clock: nodeClock,
    random: seededRandom(1),
    log: silentLog,
    meter: silentMeter,
    codec: nodeCodec,
    limits: defaultLimits,
  }
}

function countsOf(body: Uint8Array): { spans: number; items: number } {
  const { spans, items } = checkRequest(body)
  return { spans, items }
}

/** What the door makes of gzip requests that arrived at `receivedMs`. */
export function envelopesOf(bodies: readonly Uint8Array[], receivedMs: number): Envelope[] {
  return bodies.map((body) => ({
    id: envelopeId(tenantDefault, body, nodeCodec),
    tenant: tenantDefault,
    receivedMs,
    encoding: 'gzip',
    decompressedBytes: body.length,
    ...countsOf(body),
    body: { kind: 'inline', bytes: gzipSync(body) },
  }))
}
