import { readFileSync } from 'node:fs'
import { dependencyReaders } from '../../query/api/jaeger/dependency-readers.ts'
import { listReaders } from '../../query/api/jaeger/list-readers.ts'
import { searchReaders } from '../../query/api/jaeger/search-readers.ts'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { jsonToProtobuf } from '../../src/otlp/json.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { spansOf } from '../unit/otlp/decoded.ts'
import { type LookupWorld, lookupWorld } from './lookup-world.ts'

// test/golden/api/README.md says what lies there.
export const goldenApi = new URL('../golden/api/', import.meta.url)

/** The app as a server has it, over the spans of `test/golden/api`: some compacted, some fresh. */
export async function apiApp() {
  const world = lookupWorld()
  for (const [place, spans] of goldenSpans().entries()) {
    await world.flush(world.envelope(spans))
    if (place === 0) await compact(world)
  }
  const { runtime } = world
  const cache = readCache()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const jaeger = {
    ...searchReaders(runtime, cache),
    ...listReaders(runtime, cache),
    ...dependencyReaders(runtime, cache),
  }
  return createApp({ runtime, access: openAccess('acme'), cache, queue, jaeger })
}

function goldenSpans(): readonly (readonly Span[])[] {
  return ['1-compacted', '2-fresh', '3-fresh'].map((name) => {
    const body = readFileSync(new URL(`${name}.otlp.json`, goldenApi))
    return spansOf(jsonToProtobuf(new Uint8Array(body)))
  })
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}
