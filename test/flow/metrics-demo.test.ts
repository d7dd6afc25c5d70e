import { expect, test } from 'vitest'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowMs } from '../helpers/lookup-world.ts'

/** Ten full minutes of a shop, which is asked what Grafana and Traces Drilldown ask. */
const startS = Math.floor(nowMs / 60_000) * 60 - 600
const minuteNs = 60_000_000_000n

function demoSpans(): Span[] {
  const builder = new SpanBatchBuilder()
  const options = { seed: 3, spans: 6_000, spansPerRequest: 512, msPerTrace: 2_000 }
  const bodies = generateRequests({ ...options, startMs: startS * 1_000 + 500 })
  for (const body of bodies) decodeRequest(body, builder, { envelope: 0 })
  return spansOfBatch(builder.finish())
}

const all = demoSpans()
/** Of the ten minutes. */
const spans = all.filter(({ startNs }) => minuteOf(startNs) < 10)

function minuteOf(startNs: bigint): number {
  return Number((startNs - BigInt(startS) * 1_000_000_000n - 1n) / minuteNs)
}

const serviceOf = ({ resource }: Span) => {
  const value = resource.attributes.find(({ key }) => key === 'service.name')?.value
  return value?.kind === 'string' ? value.value : ''
}

/** How many there are in each minute, by a name. */
function counts(of: readonly Span[], nameOf: (span: Span) => string | undefined) {
  const byName: Record<string, number[]> = {}
  for (const span of of) {
    const name = nameOf(span)
    if (name === undefined) continue
    const series = byName[name] ?? new Array<number>(10).fill(0)
    byName[name] = series
    const minute = minuteOf(span.startNs)
    series[minute] = (series[minute] ?? 0) + 1
  }
  return byName
}

async function worldOf(state: 'fresh' | 'compacted'): Promise<LookupWorld> {
  const world = lookupWorld()
  for (let from = 0; from < all.length; from += 1_000) {
    await world.flush(world.envelope(all.slice(from, from + 1_000)))
  }
  while (state === 'compacted') {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') break
  }
  return world
}

interface Answer {
  readonly status?: string
  readonly series: readonly {
    readonly labels: readonly { readonly key: string; readonly value: object }[]
    readonly samples: readonly { readonly value: number }[]
    readonly exemplars?: readonly { readonly labels: readonly { readonly value: object }[] }[]
  }[]
}

const worlds = { fresh: worldOf('fresh'), compacted: worldOf('compacted') }

async function ask(state: 'fresh' | 'compacted', q: string, more: Record<string, string> = {}) {
  const { runtime } = await worlds[state]
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const app = createApp({ runtime, access: openAccess('acme'), cache: readCache(), queue })
  const range = { start: String(startS), end: String(startS + 600), step: '60s' }
  const parameters = new URLSearchParams({ q, ...range, ...more })
  const response = await app.request(`/tempo/api/metrics/query_range?${parameters}`)
  expect(response.status, await response.clone().text()).toBe(200)
  const answer = (await response.json()) as Answer
  expect(answer).not.toHaveProperty('status')
  return answer
}

/** The value of each series' last label, and what is counted in each of the ten minutes, the first point being before them. */
function shown({ series }: Answer, scale = 1): Record<string, number[]> {
  return Object.fromEntries(
    series.map(({ labels, samples }) => [
      String(Object.values(labels.at(-1)?.value ?? {})[0]),
      samples.slice(1).map(({ value }) => Math.round(value * scale)),
    ]),
  )
}

const isError = ({ statusCode }: Span) => statusCode === 2
const server = 2
const isRoot = ({ parentSpanId }: Span) => parentSpanId === undefined

test.each(['fresh', 'compacted'] as const)(
  'rate, errors and duration of a shop, %s',
  async (state) => {
    expect(shown(await ask(state, '{} | rate()'), 60)).toEqual(counts(spans, () => 'rate'))
    const q = '{true && resource.service.name != nil} | rate() by(resource.service.name)'
    expect(shown(await ask(state, q), 60)).toEqual(counts(spans, serviceOf))
    const errors = '{kind=server && status=error} | rate() by(name)'
    const failed = spans.filter((span) => span.kind === server && isError(span))
    expect(failed.length).toBeGreaterThan(0)
    expect(shown(await ask(state, errors), 60)).toEqual(counts(failed, ({ name }) => name))
    const bucketOf = ({ startNs, endNs }: Span) => {
      const exponent = Math.ceil(Math.log2(Number(endNs - startNs)))
      return String(2 ** exponent / 1e9)
    }
    const roots = spans.filter(isRoot)
    const histogram = '{nestedSetParent<0} | histogram_over_time(duration) with(sample=true)'
    expect(shown(await ask(state, histogram))).toEqual(counts(roots, bucketOf))
  },
)

test.each(['fresh', 'compacted'] as const)('a structure of a shop, %s', async (state) => {
  const byTrace = Map.groupBy(all, ({ traceId }) => hexOf(traceId))
  const below = spans.filter((span) => {
    if (!isError(span)) return false
    const trace = byTrace.get(hexOf(span.traceId)) ?? []
    const parent = trace.find(
      ({ spanId }) => span.parentSpanId && hexOf(spanId) === hexOf(span.parentSpanId),
    )
    return parent !== undefined && serviceOf(parent) === 'frontend'
  })
  expect(below.length).toBeGreaterThan(0)
  const q = '{resource.service.name = "frontend"} > {status = error} | count_over_time() by (name)'
  expect(shown(await ask(state, q))).toEqual(counts(below, ({ name }) => name))
})

test.each(['fresh', 'compacted'] as const)('a comparison within a shop, %s', async (state) => {
  const answer = await ask(state, '{true} | compare({status = error})', { step: '600s' })
  const countOf = (meta: string, key: string, value: string) =>
    answer.series.find(({ labels }) => {
      const texts = labels.map((label) => `${label.key}=${Object.values(label.value)[0]}`)
      return texts.includes(`__meta_type=${meta}`) && texts.includes(`${key}=${value}`)
    })?.samples[0]?.value
  const [failed, well] = [spans.filter(isError), spans.filter((span) => !isError(span))]
  expect(countOf('selection_total', 'resource.service.name', 'nil')).toBe(failed.length)
  expect(countOf('baseline_total', 'resource.service.name', 'nil')).toBe(well.length)
  const services = new Set(failed.map(serviceOf))
  for (const service of services) {
    const number = failed.filter((span) => serviceOf(span) === service).length
    expect(countOf('selection', 'resource.service.name', service)).toBe(number)
  }
  expect(countOf('selection', 'status', 'error')).toBe(failed.length)
})

test('exemplars are traces that are there', async () => {
  const ids = new Set(spans.map(({ traceId }) => hexOf(traceId)))
  const { series } = await ask('compacted', '{} | rate()', { exemplars: '100' })
  const shownIds = series.flatMap(({ exemplars = [] }) =>
    exemplars.map(({ labels }) => Object.values(labels[0]?.value ?? {})[0]),
  )
  expect(shownIds.length).toBeGreaterThan(10)
  expect(shownIds.length).toBeLessThanOrEqual(100)
  for (const id of shownIds) expect(ids).toContain(id)
})
