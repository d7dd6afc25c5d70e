import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const id = hexOf(traceId(1))

interface Reply {
  readonly trace: {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[]
    }[]
  }
  readonly status?: string
  readonly message?: string
}

/** A tree of seven spans by their names: 1 has 2 and 3, 2 has 4 and 5, 5 has 6; 7 is an orphan. */
async function opened() {
  const world = lookupWorld()
  const parents = [0, 1, 1, 2, 2, 5, 99]
  const spans = parents.map((parent, i) =>
    someSpan({
      service: i % 2 === 0 ? 'odd' : 'even',
      traceId: traceId(1),
      spanId: spanId(i + 1),
      parentSpanId: parent === 0 ? undefined : spanId(parent),
      name: String(i + 1),
      startNs: nowNs + BigInt(i),
      endNs: nowNs + 100n,
    }),
  )
  await world.flush(world.envelope(spans.slice(0, 3)))
  await world.flush(world.envelope(spans.slice(3)))
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const access = openAccess('acme')
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  return (query: string) => app.request(`/tempo/api/v2/traces/${id}?${query}`)
}

test.each([
  ['q={ name = "5" }', '5'],
  ['q={ name = "5" }&match_depth=1', '5 6'],
  ['q={ name = "2" }&match_depth=1', '2 4 5'],
  ['q={ name = "2" }&match_depth=-1', '2 4 5 6'],
  ['q={ name = "5" }&keep_hierarchy=true', '1 2 5'],
  ['q={ name = "6" }&keep_hierarchy=true&ancestor_depth=1', '5 6'],
  ['q={ name = "6" }&keep_hierarchy=false&ancestor_depth=1', '6'],
  ['q={ name = "5" }&keep_hierarchy=1&match_depth=1', '1 2 5 6'],
  ['q={ name = "7" }&keep_hierarchy=true&match_depth=-1', '7'],
  ['q={ resource.service.name = "odd" }', '1 3 5 7'],
  ['q={ nestedSetParent < 0 }', '1'],
  ['q={ span:childCount = 2 }', '1 2'],
  ['q={ name = "gone" }', ''],
])('%s', async (query, names) => {
  const ask = await opened()
  const response = await ask(query)
  expect(response.status).toBe(200)
  const { trace, status, message } = (await response.json()) as Reply
  const spans = trace.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((s) => s.spans))
  const shown = spans.map(({ name }) => name).sort()
  expect(shown.join(' ')).toBe(names)
  expect([status, message]).toEqual(['PARTIAL', `q selects ${shown.length} of 7 spans`])
})

test('a selection of all spans is the whole trace', async () => {
  const ask = await opened()
  const { status, message } = (await (await ask('q={ true }')).json()) as Reply
  expect([status, message]).toEqual([undefined, undefined])
})

test.each([
  ['q={ name = }', 'traceql'],
  ['q={ true } | count() > 1', 'q must be one filter'],
  ['q={ true } >> { true }', 'q must be one filter'],
  ['q={ true } | rate()', 'q must be one filter'],
  ['q={ trace:rootName = "a" }', 'q must ask of spans'],
  ['q={ traceDuration > 1s }', 'q must ask of spans'],
  ['q={ true }&match_depth=-2', 'match_depth must be'],
  ['q={ true }&match_depth=x', 'match_depth must be'],
  ['q={ true }&keep_hierarchy=true&ancestor_depth=1.5', 'ancestor_depth must be'],
  ['q={ true }&keep_hierarchy=yes', 'keep_hierarchy must be'],
])('%s is refused', async (query, why) => {
  const ask = await opened()
  const response = await ask(query)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(why)
})
