import { expect, test } from 'vitest'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import {
  exportJson,
  readTrace,
  spansIn,
  type TestSpan,
  testRequest,
  testSpan,
  until,
} from '../helpers/otlp-json.ts'
import { runSpanlake, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const kills = Number(process.env.SPANLAKE_KILLS ?? 4)
const seed = Number(process.env.SPANLAKE_SEED ?? 1)
const senders = 3
// Files pile up as fast as in an hour elsewhere, and compaction is at work most of the time.
const flags = ['--flush-interval', '20ms', '--compact-interval', '100ms']
const spansPerRequest = 5
/** A long run sends less between two kills: every span is looked up in the end. */
const pauseMs = kills > 8 ? 60 : 5

/** Sends until told to stop; adds the spans of every request that got a 200 to `acknowledged`. */
async function send(
  url: string,
  acknowledged: TestSpan[],
  sent: Map<string, number>,
  stopped: () => boolean,
) {
  let last: readonly TestSpan[] | undefined
  while (!stopped()) {
    // Now and then a client repeats a request whose answer it had: a retry after a lost acknowledgement.
    const spans = last ?? Array.from({ length: spansPerRequest }, () => testSpan())
    for (const { traceId } of spans) sent.set(traceId, spans.length)
    try {
      const answer = await exportJson(url, testRequest(spans))
      await answer.arrayBuffer()
      if (answer.status === 200 && last === undefined) acknowledged.push(...spans)
      last = last === undefined && Math.random() < 0.1 ? spans : undefined
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    } catch {
      last = undefined
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

test(`killed ${kills} times under load while it compacts, every acknowledged span is there once`, {
  timeout: 60_000 + kills * 10_000,
}, async () => {
  const data = await temporaryFolder()
  const random = seededRandom(seed)
  const acknowledged: TestSpan[] = []
  const sent = new Map<string, number>()
  for (let kill = 0; kill < kills; kill++) {
    const server = await startSpanlake(data, [...flags, '--log-level', 'warn'])
    let stopped = false
    const load = Array.from({ length: senders }, () =>
      send(server.url, acknowledged, sent, () => stopped),
    )
    await new Promise((resolve) => setTimeout(resolve, 100 + random.below(1_500)))
    await server.stop('SIGKILL')
    stopped = true
    await Promise.all(load)
  }
  const server = await startSpanlake(data, flags)
  // It compacts by itself once there are enough files: a busy machine makes fewer in the same time.
  const isTold = /spanlake_span_files\{tenant="default"\} [1-9]/
  const metrics = await until(
    async () => {
      const spans = [testSpan()]
      for (const { traceId } of spans) sent.set(traceId, 1)
      if ((await exportJson(server.url, testRequest(spans))).status === 200) {
        acknowledged.push(...spans)
      }
      return (await fetch(`${server.url}/metrics`)).text()
    },
    (text) => isTold.test(text),
  )
  expect(metrics).toMatch(isTold)
  await until(
    async () =>
      (await (await fetch(`${server.url}/metrics`)).text()).match(
        /spanlake_queue_messages (\d+)/,
      )?.[1],
    (messages) => messages === '0',
  )
  expect(acknowledged.length).toBeGreaterThan(100)
  const missing: string[] = []
  const repeated: string[] = []
  for (const { traceId, spanId } of acknowledged) {
    const found = spansIn(await readTrace(server.url, traceId)).map((span) => span.spanId)
    if (!found.includes(spanId)) missing.push(traceId)
    if (found.length > 1) repeated.push(traceId)
  }
  expect({ missing, repeated }).toEqual({ missing: [], repeated: [] })

  // Lists count each span once too, also those of requests that were sent twice.
  const counts: number[] = []
  for (let after = ''; ; ) {
    const answer = await fetch(`${server.url}/api/v1/traces?limit=1000${after}`)
    const page = (await answer.json()) as { traces: { spans: number }[]; next?: string }
    counts.push(...page.traces.map((trace: { spans: number }) => trace.spans))
    if (page.next === undefined) break
    after = `&after=${page.next}`
  }
  expect(counts.length).toBeGreaterThanOrEqual(acknowledged.length)
  expect(counts.length).toBeLessThanOrEqual(sent.size)
  expect(new Set(counts)).toEqual(new Set([1]))
  expect(await server.stop('SIGTERM')).toBe(0)

  const compacted = await runSpanlake(['compact', '--data', data])
  expect(compacted.code).toBe(0)
  const checked = await runSpanlake(['fsck', '--deep', '--data', data])
  expect(checked).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(checked.stdout)).toMatchObject({
    problems: 0,
    freshFiles: 0,
    rows: counts.length,
  })
})
