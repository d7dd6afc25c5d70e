import fc, { type Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import { compareValues } from '../../../query/traceql/compare-values.ts'
import type { CountedAttribute } from '../../../src/index/day-list.ts'
import { fixedColumns } from '../../../src/layout/columns.ts'
import type { Condition, ValueTest } from '../../../src/prune/condition.ts'
import { fileFacts } from '../../../src/prune/file-facts.ts'
import { type ChunkStatistics, groupFacts } from '../../../src/prune/group-facts.ts'
import { mightMatch } from '../../../src/prune/might-match.ts'
import { mightOverlap } from '../../../src/prune/might-overlap.ts'
import { compareBytes } from '../../../src/prune/plain-value.ts'
import type { AttributeType } from '../../../src/span/span-batch.ts'

type Value = string | bigint | number | boolean | readonly string[]
type Row = Partial<Record<'span' | 'resource', Readonly<Record<string, Value>>>>

/** Case twins among them. */
const keys = ['http.route', 'Http.Route', 'n'] as const
const scopes = ['span', 'resource'] as const

const scalar: Arbitrary<string | bigint | number | boolean> = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', 'é', '😀', '\uffff'),
  fc.constantFrom(0n, 1n, -1n, 2n ** 62n, 500n),
  fc.constantFrom(0.5, -0, 0, 1, 2 ** 62),
  fc.boolean(),
)
const attributes = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof(scalar, fc.constantFrom(['a'], ['x', 'b'])),
  { maxKeys: 3, noNullPrototype: true },
)
const rows: Arbitrary<Row[]> = fc.array(fc.record({ span: attributes, resource: attributes }), {
  minLength: 1,
  maxLength: 5,
})

const valueTest: Arbitrary<ValueTest> = fc.oneof(
  fc.constantFrom<ValueTest>({ kind: 'present' }, { kind: 'absent' }, { kind: 'text' }),
  fc.record({
    kind: fc.constant('compare' as const),
    operator: fc.constantFrom('=', '!=', '>', '>=', '<', '<='),
    value: scalar,
  }),
)
const leaf: Arbitrary<Condition> = fc.record({
  kind: fc.constant('attribute' as const),
  scopes: fc.constantFrom(['span'] as const, ['resource'] as const, scopes),
  key: fc.constantFrom(...keys),
  test: valueTest,
})
const condition: Arbitrary<Condition> = fc.oneof(
  leaf,
  fc.record({ kind: fc.constantFrom('all', 'any'), of: fc.array(leaf, { maxLength: 3 }) }),
)

test('a row that matches is never pruned, by columns, by rest, by statistics', () => {
  fc.assert(
    fc.property(
      rows,
      condition,
      fc.uniqueArray(fc.constantFrom(...keys)),
      (some, asked, inRest) => {
        const file = columnsOf(some, inRest)
        const group = groupFacts({
          rows: some.length,
          attributes: file.own.map((one) => ({ ...one, name: nameOf(one) })),
          chunk: (path) => chunkOf(some, path, inRest),
          rest: file.rest,
        })
        if (!some.some((row) => matches(asked, row))) return
        expect(mightMatch(asked, fileFacts(file, some.length))).toBe(true)
        expect(mightMatch(asked, fileFacts({ ...file, rest: 'any' }, some.length))).toBe(true)
        expect(mightMatch(asked, group)).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
})

const route = (value: string | bigint): Condition => ({
  kind: 'attribute',
  scopes: ['span'],
  key: 'http.route',
  test: { kind: 'compare', operator: '=', value },
})

test.each<[what: string, rows: Row[], Condition]>([
  ['a key that no row has', [{ span: { n: 1n } }], route('a')],
  ['only its case twin', [{ span: { 'Http.Route': 'a' } }], route('a')],
  ['another type', [{ span: { 'http.route': 'a' } }], route(1n)],
  ['another scope', [{ resource: { 'http.route': 'a' } }], route('a')],
])('a file is proved to have %s', (_, some, asked) => {
  expect(mightMatch(asked, fileFacts(columnsOf(some, []), some.length))).toBe(false)
  expect(mightMatch(asked, fileFacts(columnsOf(some, keys), some.length))).toBe(false)
})

test('statistics and filters are proofs', () => {
  const some: Row[] = [{ span: { 'http.route': 'b' } }, { span: { 'http.route': 'd' } }]
  const file = columnsOf(some, [])
  const facts = (mightHold?: () => boolean) =>
    groupFacts({
      rows: 2,
      attributes: file.own.map((one) => ({ ...one, name: nameOf(one) })),
      chunk: (path) => ({ ...chunkOf(some, path, []), mightHold }),
      rest: [],
    })
  expect(mightMatch(route('a'), facts())).toBe(false)
  expect(mightMatch(route('c'), facts())).toBe(true)
  expect(
    mightMatch(
      route('c'),
      facts(() => false),
    ),
  ).toBe(false)
})

test('time bounds take in their edges', () => {
  const bounds = { startMinNs: 10n, startMaxNs: 20n }
  const among = (fromNs: bigint, toNs: bigint) => mightOverlap(bounds, { fromNs, toNs })
  expect([among(20n, 30n), among(21n, 30n), among(0n, 10n), among(0n, 11n)]).toEqual([
    true,
    false,
    false,
    true,
  ])
})

// --- What is true -------------------------------------------------------------------------------------------------------

function matches(asked: Condition, row: Row): boolean {
  switch (asked.kind) {
    case 'all':
      return asked.of.every((one) => matches(one, row))
    case 'any':
      return asked.of.some((one) => matches(one, row))
    case 'attribute': {
      const value = scopes
        .filter((scope) => asked.scopes.includes(scope))
        .map((scope) => row[scope]?.[asked.key])
        .find((one) => one !== undefined)
      const { test } = asked
      if (test.kind === 'absent') return value === undefined
      if (value === undefined) return false
      if (test.kind === 'present') return true
      if (test.kind === 'text') return typeof value === 'string' || typeof value === 'object'
      return compareValues(test.operator, value, test.value)
    }
    default:
      return asked.kind === 'always'
  }
}

// --- Files --------------------------------------------------------------------------------------------------------------

function typeOf(value: Value): AttributeType {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' ? 'double' : 'json'
}

function columnsOf(some: readonly Row[], inRest: readonly string[]) {
  const counts = new Map<string, CountedAttribute>()
  for (const row of some) {
    for (const scope of scopes) {
      for (const [key, value] of Object.entries(row[scope] ?? {})) {
        const one = { scope, key, type: typeOf(value) }
        const name = nameOf(one)
        counts.set(name, { ...one, count: (counts.get(name)?.count ?? 0) + 1 })
      }
    }
  }
  const all = [...counts.values()]
  return {
    own: all.filter(({ key }) => !inRest.includes(key)),
    rest: all.filter(({ key }) => inRest.includes(key)),
  }
}

function nameOf({ scope, key, type }: Omit<CountedAttribute, 'count'>): string {
  return `${scope}/${key}/${type}`
}

function chunkOf(some: readonly Row[], path: string, inRest: readonly string[]): ChunkStatistics {
  const all = (row: Row, scope: 'span' | 'resource') => Object.entries(row[scope] ?? {})
  if (path === fixedColumns.spanRest || path === fixedColumns.resourceRest) {
    const scope = path === fixedColumns.spanRest ? 'span' : 'resource'
    const nulls = some.filter((row) => !all(row, scope).some(([key]) => inRest.includes(key)))
    return { nulls: nulls.length, min: undefined, max: undefined }
  }
  const values = some.flatMap((row) =>
    scopes.flatMap((scope) =>
      all(row, scope).flatMap(([key, value]) =>
        nameOf({ scope, key, type: typeOf(value) }) === path ? [value] : [],
      ),
    ),
  ) as Value[]
  const sorted = [...values].sort(order)
  const bound = (at: number) => {
    const value = sorted.at(at)
    return value === undefined || typeof value === 'object' ? undefined : plainOf(value)
  }
  return { nulls: some.length - values.length, min: bound(0), max: bound(-1) }
}

function order(a: Value, b: Value): number {
  if (typeof a === 'string') return compareBytes(plainOf(a), plainOf(b as string))
  return a < b ? -1 : a > b ? 1 : 0
}

function plainOf(value: Exclude<Value, readonly string[]>): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer)
  return new Uint8Array(Float64Array.of(value).buffer)
}
