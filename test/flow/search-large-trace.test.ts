import { beforeAll, describe, expect, test } from 'vitest'
import { searchTraces } from '../../query/search/search-traces.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { type LookupWorld, lookupWorld, nowNs } from '../helpers/lookup-world.ts'
import { spanOfTestSpan } from '../helpers/span-of-test-span.ts'
import { stagesOf } from '../helpers/traceql-stages.ts'

const size = 10_000

/** A trace of 10,000 spans, each a millisecond after the other; where there is no parent at a place, it never came. */
async function worldOf(parentOf: (place: number) => number): Promise<LookupWorld> {
  const world = lookupWorld()
  const spans = Array.from({ length: size }, (_, place) => {
    const parent = place === 0 ? {} : { parent: idOf(parentOf(place)) }
    const test = { id: idOf(place), ...parent, start: place * 1_000_000, name: `n${place % 10}` }
    return spanOfTestSpan(test, nowNs)
  })
  for (const part of [spans.slice(0, size / 2), spans.slice(size / 2)]) {
    const parts = [{ envelope: world.envelope(part), range: undefined }]
    await flushBatch({ tenant: 'acme', parts }, world.runtime)
  }
  return world
}

function idOf(place: number): string {
  return place < 0 ? `ffff${(-place).toString(16).padStart(6, '0')}` : (place + 1).toString(16)
}

const shapes: readonly (readonly [string, (place: number) => number, Record<string, number>])[] = [
  [
    'a chain',
    (place) => place - 1,
    {
      '>>': 9_999,
      '<<': 9_999,
      '>': 9_999,
      '<': 9_999,
      '~': 0,
      '&>>': 10_000,
      '!>>': 1,
      '!~': 10_000,
    },
  ],
  [
    'a star',
    () => 0,
    { '>>': 9_999, '<<': 1, '>': 9_999, '<': 1, '~': 9_999, '&>>': 10_000, '!>>': 1, '!~': 1 },
  ],
  [
    'a root and orphans of one parent',
    () => -1,
    { '>>': 0, '<<': 0, '>': 0, '<': 0, '~': 9_999, '&>>': 0, '!>>': 10_000, '!~': 1 },
  ],
  [
    'a root and orphans',
    (place) => -place,
    { '>>': 0, '<<': 0, '>': 0, '<': 0, '~': 0, '&>>': 0, '!>>': 10_000, '!~': 10_000 },
  ],
]

describe.each(shapes)('%s of 10,000 spans', (_, parentOf, counts) => {
  let world: LookupWorld
  beforeAll(async () => {
    world = await worldOf(parentOf)
  })

  async function matched(query: string): Promise<readonly number[]> {
    const options = { stages: stagesOf(query), limit: 20, spansPerSet: 3 }
    const { traces, reasons } = await searchTraces('acme', options, world.runtime, readCache())
    expect(reasons).toEqual([])
    return traces.flatMap(({ sets }) => sets.map((set) => set.matched))
  }

  test.each(Object.entries(counts))('{ } %s { } finds %d', async (sign, count) => {
    expect(await matched(`{ } ${sign} { }`)).toEqual(count === 0 ? [] : [count])
  })

  test('a thousand operators are answered', async () => {
    expect(await matched(`{ }${' || { }'.repeat(999)}`)).toEqual([size])
    expect(await matched(`{ }${' !>> { }'.repeat(999)}`)).toHaveLength(1)
  })

  test('a set for each span, and each related within', async () => {
    expect(await matched('{ } | by(span:id) | ({ } !>> { })')).toHaveLength(size)
    expect(await matched('{ } | by(name) | ({ } !> { }) | count() > 990')).not.toHaveLength(0)
  })
})
