import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spansTable } from '../../query/search/spans-table.ts'
import { listTags } from '../../query/tags/list-tags.ts'
import { tagValues } from '../../query/tags/tag-values.ts'
import type { Field } from '../../query/traceql/ast.ts'
import { compileField } from '../../query/traceql/compile-field.ts'
import { parseFieldText } from '../../query/traceql/parse-field-text.ts'
import { traceFrame } from '../../query/traceql/trace-frame.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { dedupeSpans } from '../../src/lookup/dedupe-spans.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'
import { arbitraryCondition, arbitraryTrace } from '../unit/query/traceql/arbitrary-trace.ts'

function isValid(text: string): boolean {
  try {
    stagesOf(text)
    return true
  } catch {
    return false
  }
}

function fieldOf(text: string): Field {
  const field = parseFieldText(text)
  if (field === undefined) throw new Error(`must be a field, got ${text}`)
  return field
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'string',
  bigint: 'int',
  number: 'float',
  boolean: 'bool',
}

/** What looking at every span says. A tag without a scope has the values of both. */
function naive(spans: readonly Span[], tag: string, q: string, range?: TimeRange): string[] {
  const frame = traceFrame(spansTable(spans))
  const [filter] = stagesOf(q)
  if (filter?.kind !== 'filter') throw new Error('must be a filter')
  const isFound = compileField(filter.condition, frame).read
  const tags = tag.startsWith('.') ? [`span${tag}`, `resource${tag}`] : [tag]
  const columns = tags.map((one) => compileField(fieldOf(one), frame).read)
  const values = spans.flatMap(({ startNs }, row) => {
    const isInRange = range === undefined || (startNs >= range.fromNs && startNs < range.toNs)
    return isInRange && isFound(row) === true ? columns.flatMap((column) => column(row)) : []
  })
  const isValue = (value: unknown) => value !== undefined && value !== null && value !== ''
  const texts = values.filter(isValue).map((value) => `${typeNames[typeof value]} ${value}`)
  return [...new Set(texts)].sort()
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

/** One file, and one more where some are strays. */
async function flush(world: LookupWorld, spans: readonly Span[]): Promise<void> {
  const parts = [{ envelope: world.envelope(spans), range: undefined }]
  await flushBatch({ tenant: 'acme', parts }, world.runtime)
}

const hourNs = 3_600_000_000_000n

const given = fc.record({
  traces: fc.array(
    fc.record({ spans: arbitraryTrace(), agoNs: fc.constantFrom(0n, hourNs, 5n * hourNs) }),
    { minLength: 1, maxLength: 6 },
  ),
  tag: fc.constantFrom(
    ...['.p', 'span.p', 'resource.q', 'event.p', 'link.r', 'instrumentation.q'],
    ...['name', 'statusMessage', 'event:name', 'instrumentation:name'],
  ),
  q: arbitraryCondition()
    .map((text) => `{ ${text} }`)
    .filter(isValid),
  range: fc.constantFrom(
    undefined,
    { fromNs: nowNs - 2n * hourNs, toNs: nowNs + hourNs },
    { fromNs: nowNs - hourNs, toNs: nowNs + 2n },
  ),
  compacted: fc.constantFrom(0, 1, 2),
})

test('values are those that looking at every span finds, fresh, compacted and mixed', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ traces, tag, q, range, compacted }) => {
      const world = lookupWorld()
      // Each span once: of copies that differ, a merge keeps one, and the values of the others go.
      const spans = traces.map(({ spans, agoNs }, number) =>
        dedupeSpans(
          spans.map((span) => {
            const trace = (number + 1).toString(16).repeat(16)
            return spanOfTestSpan({ ...span, trace }, nowNs - agoNs)
          }),
        ),
      )
      const halves = [spans.slice(0, 3).flat(), spans.slice(3).flat()]
      for (const [place, half] of halves.entries()) {
        if (place === compacted) await compact(world)
        if (half.length > 0) await flush(world, half)
      }
      if (compacted === 2) await compact(world)
      const cache = readCache()
      const ask = async (filter: string) => {
        const options = { q: filter, ...(range && { range }) }
        const asked = await tagValues('acme', fieldOf(tag), options, world.runtime, cache)
        expect(asked.reasons).toEqual([])
        return asked.value.map(({ type, text }) => `${type} ${text}`).sort()
      }
      const all = naive(spans.flat(), tag, '{}', range)
      expect(await ask('')).toEqual(all)
      expect(await ask('')).toEqual(all)
      // Of conditions that no column tells, the filter may leave more than it finds.
      const filtered = await ask(q)
      expect(filtered).toEqual(expect.arrayContaining(naive(spans.flat(), tag, q, range)))
      expect(all).toEqual(expect.arrayContaining(filtered))
      const simple = '{ span.p = 1 || resource.q = "x" && name != "z" }'
      expect(await ask(simple)).toEqual(naive(spans.flat(), tag, simple, range))
      const listed = await listTags('acme', { q, ...(range && { range }) }, world.runtime, cache)
      const [, scope, key] = /^(\w+)\.(\w+)$/.exec(tag) ?? []
      const keys = listed.value.find((one) => one.scope === scope)?.keys
      if (key !== undefined && filtered.length > 0) expect(keys).toContain(key)
    }),
    { numRuns: 150 },
  )
}, 60_000)
