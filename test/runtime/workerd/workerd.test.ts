import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateRequests } from '../../../functions/node/demo/generate-spans.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import { decodeRequest } from '../../../src/otlp/decode.ts'
import { SpanBatchBuilder } from '../../../src/span/span-batch-builder.ts'
import { hexOf } from '../../../src/span/trace-id.ts'
import type { NativeTrace } from '../../helpers/otlp-json.ts'

let wrangler: ChildProcess
let url: string

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spanlake-workerd-'))
  const bin = fileURLToPath(
    new URL('../../../node_modules/wrangler/bin/wrangler.js', import.meta.url),
  )
  const config = fileURLToPath(new URL('./wrangler.toml', import.meta.url))
  const flags = [
    'dev',
    '--config',
    config,
    '--ip',
    '127.0.0.1',
    '--port',
    '0',
    '--persist-to',
    folder,
  ]
  wrangler = spawn(process.execPath, [bin, ...flags], {
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1', CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const ready = output.match(/Ready on (http:\/\/127\.0\.0\.1:\d+)/)
      if (ready?.[1]) resolve(ready[1])
    }
    wrangler.stdout?.on('data', read)
    wrangler.stderr?.on('data', read)
    wrangler.on('exit', (code) => reject(new Error(`wrangler ended with ${code}: ${output}`)))
  })
}, 120_000)

afterAll(async () => {
  if (wrangler.exitCode !== null) return
  const ended = new Promise((resolve) => wrangler.on('exit', resolve))
  wrangler.kill('SIGTERM')
  await ended
})

test('in workerd a request is flushed to R2 and each of its traces found again', async () => {
  const bodies = generateRequests({
    seed: 7,
    spans: 2_000,
    spansPerRequest: 200,
    startMs: Date.now(),
  })
  for (const body of bodies) {
    const answer = await fetch(new URL('/v1/traces', url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: body.slice(),
    })
    expect(answer.status).toBe(200)
  }
  const flushed = await (await fetch(new URL('/flush', url))).json()
  expect(flushed).toEqual({ acked: bodies.length, retried: 0, spans: 2_000 })

  const builder = new SpanBatchBuilder()
  for (const body of bodies) decodeRequest(body, builder, { envelope: 0 })
  const { rows, traceIds } = builder.finish()
  const expected = new Map<string, number>()
  for (let row = 0; row < rows; row++) {
    const traceId = hexOf(traceIds.subarray(16 * row, 16 * row + 16))
    expected.set(traceId, (expected.get(traceId) ?? 0) + 1)
  }
  expect(bodies.reduce((spans, body) => spans + checkRequest(body).spans, 0)).toBe(rows)
  const counts = new Map<string, number>()
  for (const traceId of expected.keys()) {
    const answer = await fetch(new URL(`/api/v1/traces/${traceId}`, url))
    const trace = (await answer.json()) as NativeTrace
    expect(trace.spanlake.complete).toBe(true)
    counts.set(traceId, trace.spanlake.spans)
  }
  expect(counts).toEqual(expected)
})
