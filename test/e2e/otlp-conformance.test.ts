import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HttpServer, startHttpServer } from '../../src/adapters/node/http-server.ts'
import { exportTraces } from '../../src/ingest/export-traces.ts'
import {
  type ConformanceTarget,
  otlpConformance,
  rulesElsewhere,
} from '../flow/otlp-conformance.ts'
import { http2Client } from '../helpers/http2-client.ts'
import { memoryDoor } from '../helpers/memory-door.ts'

const elsewhere = process.env.SPANLAKE_CONFORMANCE_URL

/** Our own server on a real socket, over memory adapters and with limits that a test can reach. */
function ourServer(): ConformanceTarget {
  const limits = { requestBytesMax: 200_000, requestDecompressedBytesMax: 400_000 }
  const memory = memoryDoor({ limits })
  let server: HttpServer
  beforeAll(async () => {
    server = await startHttpServer({
      listen: { host: '127.0.0.1', port: 0 },
      limits: memory.runtime.limits,
      exportTraces: (request) => exportTraces(request, memory.door),
      app: { fetch: () => new Response('not here', { status: 404 }) },
    })
  })
  afterAll(() => server.close())
  return {
    url: () => server.url,
    control: {
      limits: () => memory.runtime.limits,
      takeSpans: async () => (await memory.takeQueued()).spans,
      failNext: (error, when = 'before') => {
        memory.faults.push(async (send) => {
          if (when === 'after') await send()
          throw error
        })
      },
    },
  }
}

otlpConformance(elsewhere ? { url: () => elsewhere } : ourServer())

// Rule 8. Without TLS no receiver has to speak it, so only ours is asked.
describe.skipIf(elsewhere)('all of it over one connection of HTTP/2', () => {
  const client = http2Client()
  afterAll(() => client.close())
  otlpConformance({ ...ourServer(), exchange: client.exchange })
  test('it was one connection', () => expect(client.connections()).toBe(1))
})

test('every numbered rule has a case, or a reason why not', () => {
  const source = readFileSync(new URL('../flow/otlp-conformance.ts', import.meta.url), 'utf8')
  const titles = [...source.matchAll(/'rules? ([\d, to and]+):/g)].map(([, rules]) => rules ?? '')
  const covered = new Set(Object.keys(rulesElsewhere).map(Number))
  for (const title of titles) {
    const range = title.match(/(\d+) to (\d+)/)
    if (range) for (let rule = Number(range[1]); rule <= Number(range[2]); rule++) covered.add(rule)
    for (const rule of title.match(/\d+/g) ?? []) covered.add(Number(rule))
  }
  const all = Array.from({ length: 43 }, (_, i) => i + 1)
  expect(all.filter((rule) => !covered.has(rule))).toEqual([])
})
