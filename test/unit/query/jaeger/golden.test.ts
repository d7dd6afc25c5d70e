import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { jaegerTrace } from '../../../../query/api/jaeger/trace-json.ts'
import { jaegerSummary, traceFacts } from '../../../../query/api/jaeger/trace-summary.ts'
import { v3Traces } from '../../../../query/api/jaeger/v3-json.ts'
import type { Span } from '../../../../src/span/span.ts'
import { goldenJaeger, goldenNames, goldenSpans } from './golden-traces.ts'

const replies = {
  legacy: (spans: readonly Span[]) => jaegerTrace(spans, spans[0]!.traceId, []),
  v3: v3Traces,
  summary: (spans: readonly Span[]) =>
    jaegerSummary(traceFacts({ traceId: spans[0]!.traceId, spans })),
}

describe.each(Object.entries(replies))('%s', (kind, replyOf) => {
  test.each(goldenNames)('%s', (name) => {
    const url = new URL(`${name}.${kind}.json`, goldenJaeger)
    const reply = JSON.parse(JSON.stringify(replyOf(goldenSpans(name))))
    if (process.env.UPDATE_GOLDEN === '1') {
      writeFileSync(url, `${JSON.stringify(reply, undefined, 2)}\n`)
    }
    expect(reply).toEqual(JSON.parse(readFileSync(url, 'utf8')))
  })
})

test('what is wrong with the trace as a whole stands beside its spans', () => {
  const spans = goldenSpans('two-services')
  expect(jaegerTrace(spans, spans[0]!.traceId, []).warnings).toBeNull()
  expect(jaegerTrace(spans, spans[0]!.traceId, ['a file is broken']).warnings).toEqual([
    'a file is broken',
  ])
})

test('spans stand in the order of nanoseconds, which microseconds would lose', () => {
  const spans = goldenSpans('two-services').toReversed()
  const { spans: shown } = jaegerTrace(spans, spans[0]!.traceId, [])
  expect(shown.map(({ operationName }) => operationName)).toEqual([
    'GET /cart',
    'call cart',
    'get',
    'notify',
    'render',
  ])
})

test('a summary of spans without a root names none, and counts those whose parent is not there', () => {
  const spans = goldenSpans('two-services').filter(({ parentSpanId }) => parentSpanId !== undefined)
  const summary = jaegerSummary(traceFacts({ traceId: spans[0]!.traceId, spans }))
  expect(summary).not.toHaveProperty('rootServiceName')
  expect(summary).toMatchObject({ spanCount: 4, orphanSpanCount: 2 })
})
