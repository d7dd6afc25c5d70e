import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openFile } from '../../query/search/open-file.ts'
import { chooseColumns } from '../../query/sql/choose-columns.ts'
import { layFiles } from '../../query/sql/lay-files.ts'
import { querySql } from '../../query/sql/query-sql.ts'
import { sqlResult } from '../../query/sql/sql-result.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { kindOf, messageOf } from '../../src/errors.ts'
import { flushBatch } from '../../src/flush/flush-batch.ts'
import { keyHash } from '../../src/layout/columns.ts'
import { restKeysMax, sqlFilesBytesMax, sqlFilesMax } from '../../src/limits.ts'
import { noCost } from '../../src/lookup/read-cost.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { AnyValue, KeyValue, Span } from '../../src/span/span.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { plainSqlEngine } from '../helpers/plain-sql-engine.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const hourNs = 3_600_000_000_000n
const everything = { fromNs: 0n, toNs: nowNs + hourNs }

async function rowsOf(
  world: LookupWorld,
  sql: string,
  range: { fromNs: bigint; toNs: bigint } = everything,
): Promise<unknown[][]> {
  const engine = plainSqlEngine()
  const context = { runtime: world.runtime, cache: readCache(), engine }
  const answer = await querySql('acme', { sql, range, format: 'rows' }, context)
  expect(answer.reasons).toEqual([])
  const rows: unknown[][] = []
  for await (const part of answer.parts) {
    if (part.kind === 'rows') rows.push(...part.rows.map((row) => [...row]))
  }
  expect(engine.sessions()).toBe(0)
  return rows
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

const route = `"span.http.route"`
const twin = `"span.Http.Route#${keyHash('span', 'Http.Route')}"`
const odd = 'it\'s "odd"/~0'
const oddName = `"span.it's ""odd""/~0"`

const value = fc.oneof(
  fc
    .constantFrom('', '/a', '/b', 'zażółć', '7')
    .map((text): AnyValue => ({ kind: 'string', value: text })),
  fc
    .constantFrom(0n, 7n, -(2n ** 63n), 2n ** 63n - 1n)
    .map((int): AnyValue => ({ kind: 'int', value: int })),
  fc.constantFrom(0.5, -2.25, 1e300).map((double): AnyValue => ({ kind: 'double', value: double })),
  fc.boolean().map((bool): AnyValue => ({ kind: 'bool', value: bool })),
  fc.constantFrom<AnyValue>(
    { kind: 'array', values: [{ kind: 'int', value: 7n }] },
    { kind: 'empty' },
    { kind: 'bytes', value: Uint8Array.of(1, 2) },
  ),
)
const text = fc
  .constantFrom('/a', '/b')
  .map((route): AnyValue => ({ kind: 'string', value: route }))
const int = fc.constantFrom(200n, 404n).map((code): AnyValue => ({ kind: 'int', value: code }))

const attributes = fc
  .record({
    'http.route': fc.option(text),
    'Http.Route': fc.option(text),
    code: fc.option(int),
    mixed: fc.option(value),
    [odd]: fc.option(value),
  })
  .map((record) =>
    Object.entries(record).flatMap(([key, of]): KeyValue[] => (of ? [{ key, value: of }] : [])),
  )

const arbitrarySpan = fc.record({
  trace: fc.nat({ max: 3 }),
  attributes,
  service: fc.constantFrom(undefined, 'shop', 'cart', ''),
  kind: fc.nat({ max: 6 }),
  status: fc.nat({ max: 2 }),
  agoNs: fc.constantFrom(0n, 5n, hourNs, 30n * hourNs, 900n * hourNs),
  durationNs: fc.constantFrom(0n, 1n, 123_456_789n),
  isRoot: fc.boolean(),
  flush: fc.nat({ max: 2 }),
})

const given = fc.record({
  spans: fc.array(arbitrarySpan, { minLength: 1, maxLength: 12 }),
  /** So many spans without attributes that the others' are rare, and lie in rest columns. */
  plain: fc.constantFrom(0, 0, 700),
  compacted: fc.constantFrom(0, 1, 2, 3),
  repeated: fc.subarray([0, 1, 2]),
  /** How an envelope is cut, the two parts overlapping, and comes once more. */
  cut: fc.option(fc.constantFrom(0, 1, 2)),
  range: fc.constantFrom(
    everything,
    { fromNs: nowNs - hourNs, toNs: nowNs },
    { fromNs: nowNs - 40n * hourNs, toNs: nowNs - hourNs + 1n },
  ),
})

type Given = typeof given extends fc.Arbitrary<infer T> ? T : never

function spansIn({ spans, plain }: Given): { span: Span; flush: number }[] {
  const some = spans.map((one, i) => {
    const startNs = nowNs - one.agoNs
    const span = someSpan({
      traceId: traceId(one.trace),
      spanId: spanId(i + 1),
      parentSpanId: one.isRoot ? undefined : spanId(999),
      name: `n${i}`,
      kind: one.kind,
      statusCode: one.status,
      startNs,
      endNs: startNs + one.durationNs,
      attributes: one.attributes,
      ...(one.service !== undefined && { service: one.service }),
    })
    return { span, flush: one.flush }
  })
  const others = Array.from({ length: plain }, (_, i) => ({
    span: someSpan({
      traceId: traceId(100 + Math.floor(i / 7)),
      spanId: spanId(10_000 + i),
      startNs: nowNs - BigInt(i),
      endNs: nowNs,
      name: 'plain',
    }),
    flush: 0,
  }))
  return [...some, ...others]
}

/** Flushes, some of which come again, whole or in other pieces; compaction somewhere in between. */
async function lay(world: LookupWorld, asked: Given, spans: { span: Span; flush: number }[]) {
  const flush = async (
    parts: { envelope: ReturnType<LookupWorld['envelope']>; range: [number, number] | undefined }[],
  ) => flushBatch({ tenant: 'acme', parts }, world.runtime)
  for (const place of [0, 1, 2]) {
    if (place === asked.compacted) await compact(world)
    const own = spans.filter((one) => one.flush === place).map(({ span }) => span)
    if (own.length === 0) continue
    const envelope = world.envelope(own)
    const half = Math.ceil(own.length / 2)
    if (asked.cut === place && own.length > 1) {
      await flush([{ envelope, range: [0, half] }])
      if (asked.repeated.includes(place)) await compact(world)
      await flush([{ envelope, range: [Math.max(0, half - 1), own.length] }])
    } else await flush([{ envelope, range: undefined }])
    if (asked.repeated.includes(place)) {
      const more = world.envelope([
        someSpan({
          traceId: traceId(77),
          startNs: 1n,
          endNs: 1n,
          name: 'long ago',
          spanId: spanId(77 + place),
        }),
      ])
      await flush([
        { envelope, range: undefined },
        { envelope: more, range: undefined },
      ])
    }
  }
  if (asked.compacted === 3) await compact(world)
}

function attributeOf(span: Span, key: string): AnyValue | undefined {
  return span.attributes.find((one) => one.key === key)?.value
}

function textOf(of: AnyValue | undefined): string | null {
  switch (of?.kind) {
    case undefined:
      return null
    case 'string':
      return of.value
    case 'int':
    case 'bool':
      return String(of.value)
    case 'double':
      return of.value === 1e300 ? '1e+300' : String(of.value)
    case 'array':
      return '{"arrayValue":{"values":[{"intValue":"7"}]}}'
    case 'empty':
      return '{}'
    default:
      return '{"bytesValue":"AQI="}'
  }
}

function serviceOf({ resource }: Span): string | null {
  return textOf(resource.attributes.find(({ key }) => key === 'service.name')?.value)
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer', 'unspecified']
const statuses = ['unset', 'ok', 'error']

const typeOf = (of: AnyValue | undefined) =>
  of === undefined
    ? undefined
    : ['string', 'int', 'double', 'bool'].includes(of.kind)
      ? of.kind
      : 'json'

interface Question {
  readonly sql: string
  readonly keys?: readonly string[]
  readonly answer: (spans: readonly Span[]) => unknown[][]
}

const countBy = (spans: readonly Span[], of: (span: Span) => string | null) =>
  Array.from(Map.groupBy(spans, of), ([name, some]) => [name, String(some.length)])

/** What prunes row groups by the tests of the outer WHERE, and what must not. */
function filterQuestions(): Question[] {
  const filters: [string, (span: Span) => boolean, keys?: string[]][] = [
    ["name = 'n1'", ({ name }) => name === 'n1'],
    [`trace_id = '${hexOf(traceId(2))}'`, (span) => hexOf(span.traceId) === hexOf(traceId(2))],
    ["spans.trace_id = 'none'", () => false],
    ["kind = 'client' and 'x' = 'x'", ({ kind }) => kind === 3],
    ["kind = 'unspecified'", ({ kind }) => kind === 0 || kind === 6],
    ["status = 'error' and duration_ns >= 1", (s) => s.statusCode === 2 && s.endNs > s.startNs],
    ["status = 'error' or duration_ns >= 1", (s) => s.statusCode === 2 || s.endNs > s.startNs],
    ['duration_ns < 1', (span) => span.endNs === span.startNs],
    ['"span.code" = \'404\'', (s) => textOf(attributeOf(s, 'code')) === '404', ['code']],
    ['"span.code" = 404', (s) => textOf(attributeOf(s, 'code')) === '404', ['code']],
    [
      'cast("span.mixed" as varchar) = \'7\'',
      (s) => textOf(attributeOf(s, 'mixed')) === '7',
      ['mixed'],
    ],
    ['"span.mixed:string" = \'7\'', (s) => isText7(attributeOf(s, 'mixed')), ['mixed']],
    ['"resource.service.name" = \'\'', (s) => serviceOf(s) === '', ['service.name']],
    ['"resource.service.name" = \'shop\'', (s) => serviceOf(s) === 'shop', ['service.name']],
  ]
  return filters.flatMap(([where, test, keys = []]): Question[] => [
    {
      sql: `select span_id from spans where ${where}`,
      keys,
      answer: (spans) => spans.filter(test).map((span) => [hexOf(span.spanId)]),
    },
    {
      sql: `select (select count(*) from spans) as n, span_id from spans where ${where}`,
      keys,
      answer: (spans) => {
        return spans.filter(test).map((span) => [String(spans.length), hexOf(span.spanId)])
      },
    },
  ])
}

const isText7 = (of: AnyValue | undefined) => of?.kind === 'string' && of.value === '7'

const questions: readonly Question[] = [
  { sql: 'select count(*) from spans', answer: (spans) => [[String(spans.length)]] },
  {
    sql: 'select span_id, trace_id, name, kind, status, status_code, epoch_ns(start), duration_ns, parent_span_id, epoch_ns(end_time) from spans',
    answer: (spans) =>
      spans.map((span) => [
        hexOf(span.spanId),
        hexOf(span.traceId),
        span.name,
        kinds[span.kind],
        statuses[span.statusCode],
        span.statusCode,
        String(span.startNs),
        String(span.endNs - span.startNs),
        span.parentSpanId ? hexOf(span.parentSpanId) : null,
        String(span.endNs),
      ]),
  },
  {
    sql: 'select "resource.service.name" as s, count(*) from spans group by all',
    keys: ['service.name'],
    answer: (spans) => countBy(spans, serviceOf),
  },
  {
    sql: `select count(*) from spans where ${route} = '/a'`,
    keys: ['http.route', 'Http.Route'],
    // The name means the key in lower case; where no file has that, the only one there is.
    answer: (spans) => [
      [String(spans.filter((span) => textOf(attributeOf(span, 'http.route')) === '/a').length)],
    ],
  },
  {
    sql: `select ${twin} as t, count(*) from spans group by all`,
    keys: ['Http.Route'],
    answer: (spans) => countBy(spans, (span) => textOf(attributeOf(span, 'Http.Route'))),
  },
  {
    sql: 'select name from spans where "span.code" >= 404',
    keys: ['code'],
    answer: (spans) =>
      spans.filter((span) => textOf(attributeOf(span, 'code')) === '404').map(({ name }) => [name]),
  },
  ...filterQuestions(),
  ...[
    { key: 'mixed', name: '"span.mixed"' },
    { key: odd, name: oddName },
  ].map(({ key, name }): Question => {
    const typed = (type: string) => `${name.slice(0, -1)}:${type}"`
    const types = ['string', 'int', 'double', 'bool', 'json']
    const list = [name, ...types.map(typed)].map((one) => `cast(${one} as varchar)`)
    return {
      sql: `select span_id, ${list.join(', ')} from spans`,
      keys: [key],
      answer: (spans) =>
        spans.map((span) => {
          const of = attributeOf(span, key)
          const only = types.map((type) => (typeOf(of) === type ? textOf(of) : null))
          return [hexOf(span.spanId), textOf(of), ...only]
        }),
    }
  }),
  {
    sql: `select trace_id, span_count, error_count, services, epoch_ns(start), duration_ns, (select max(t.trace_id) from traces t)
          from traces`,
    answer: (spans) => {
      const traces = Map.groupBy(spans, (span) => hexOf(span.traceId))
      return Array.from(traces, ([id, some]) => {
        const services = new Set(some.flatMap((span) => serviceOf(span) ?? []))
        const starts = some.map(({ startNs }) => startNs)
        const ends = some.map(({ endNs }) => endNs)
        const start = starts.reduce((a, b) => (a < b ? a : b))
        const end = ends.reduce((a, b) => (a > b ? a : b))
        const errors = some.filter(({ statusCode }) => statusCode === 2).length
        return [
          id,
          String(some.length),
          String(errors),
          services.size === 0 ? null : [...services].sort(),
          String(start),
          String(end - start),
          [...traces.keys()].sort().at(-1),
        ]
      })
    },
  },
]

const sorted = (rows: readonly unknown[][]) => rows.map((row) => JSON.stringify(row)).sort()

test('a SELECT answers what looking at every span once does, fresh, compacted and mixed', async () => {
  await fc.assert(
    fc.asyncProperty(given, fc.constantFrom(...questions), async (asked, question) => {
      const world = lookupWorld()
      const spans = spansIn(asked)
      await lay(world, asked, spans)
      const { fromNs, toNs } = asked.range
      const repeats = asked.repeated
        .filter((place) => spans.some(({ flush }) => flush === place))
        .map((place) =>
          someSpan({
            traceId: traceId(77),
            startNs: 1n,
            endNs: 1n,
            name: 'long ago',
            spanId: spanId(77 + place),
          }),
        )
      const within = [...spans.map(({ span }) => span), ...repeats].filter(
        ({ startNs }) => startNs >= fromNs && startNs < toNs,
      )
      const has = (key: string) =>
        within.some(
          (span) =>
            attributeOf(span, key) ?? span.resource.attributes.some((one) => one.key === key),
        )
      // A name means the twin in capitals where no file has the other: what the files have is not what the spans are.
      if (question.keys?.includes('http.route') && !has('http.route')) return
      const rows = await rowsOf(world, question.sql, asked.range).catch((error) => {
        // A key that no file of the range has is no column.
        expect([kindOf(error), messageOf(error)]).toEqual([
          'invalid',
          expect.stringMatching(/not found|unknown/),
        ])
        expect((question.keys ?? []).some(has)).toBe(false)
        return undefined
      })
      if (rows) expect(sorted(rows)).toEqual(sorted(question.answer(within)))
    }),
    { numRuns: Number(process.env.RUNS ?? 100) },
  )
}, 120_000)

test('keys that are too rare and too many for a file to name are columns too, in every type', async () => {
  const world = lookupWorld()
  const rare = Array.from({ length: restKeysMax + 1 }, (_, i) => `rare.${i}`)
  const spans = Array.from({ length: 3_000 }, (_, i) => {
    const key = rare[i]
    const value: AnyValue =
      i === 7 ? { kind: 'int', value: 7n } : { kind: 'string', value: `v${i}` }
    const attributes = key === undefined ? [] : [{ key, value }]
    return someSpan({ traceId: traceId(i), spanId: spanId(i + 1), startNs: nowNs, attributes })
  })
  await world.flush(world.envelope(spans))
  for (const state of ['fresh', 'compacted']) {
    if (state === 'compacted') await compact(world)
    expect(
      await rowsOf(
        world,
        `select "span.rare.7", "span.rare.8" from spans where "span.rare.7" = 7 or "span.rare.8" = 'v8'`,
      ),
    ).toEqual(
      expect.arrayContaining([
        ['7', null],
        [null, 'v8'],
      ]),
    )
    expect(await rowsOf(world, 'select count("span.rare.1000") from spans')).toEqual([['1']])
    await expect(rowsOf(world, 'select "span.rare.9999" from spans')).rejects.toThrow(
      'did you mean',
    )
  }
})

test('what is expired is not there, and who came again since is', async () => {
  const world = lookupWorld()
  const envelope = world.envelope([someSpan({ startNs: nowNs, name: 'old' })])
  await world.flush(envelope)
  world.pass(3 * 3_600_000)
  const later = { ...envelope, receivedMs: nowMs + 3 * 3_600_000 }
  await world.flush(
    later,
    world.envelope([someSpan({ startNs: nowNs, name: 'new' })], nowMs + 3 * 3_600_000),
  )
  expect(await rowsOf(world, 'select name from spans order by 1')).toEqual([['new'], ['old']])
  await expire('acme', 2 * 3_600_000, world.runtime, readCache())
  expect(await rowsOf(world, 'select name from spans order by 1')).toEqual([['new'], ['old']])
  world.pass(3 * 3_600_000)
  await expire('acme', 3_600_000, world.runtime, readCache())
  expect(await rowsOf(world, 'select name from spans')).toEqual([])
})

test('a file that is broken makes the answer incomplete, by its key', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([someSpan({ startNs: nowNs, name: 'whole' })]))
  const spans = Array.from({ length: 5_000 }, (_, i) =>
    someSpan({ startNs: nowNs, traceId: traceId(i), name: `n${i}` }),
  )
  const key = await world.flush(world.envelope(spans))
  const cut: ObjectStore = {
    ...world.store,
    async get(name, range) {
      const stored = await world.store.get(name, range)
      // Only ends are whole: chunks come short.
      if (name !== key || stored === undefined || !range || 'suffix' in range) return stored
      return { ...stored, body: stored.body.subarray(0, 10) }
    },
  }
  const context = {
    runtime: { ...world.runtime, store: cut },
    cache: readCache(),
    engine: plainSqlEngine(),
  }
  const answer = await querySql(
    'acme',
    { sql: 'select name from spans', range: everything, format: 'rows' },
    context,
  )
  expect((await sqlResult(answer.parts)).rows).toEqual([['whole']])
  expect(answer.reasons).toEqual([`file ends within a column chunk, ${key}`])
})

test('what is gone when it is to be laid down is looked for anew', async () => {
  const world = lookupWorld()
  const key = await world.flush(world.envelope([someSpan({ startNs: nowNs, name: 'one' })]))
  await world.flush(world.envelope([someSpan({ startNs: nowNs, name: 'two' })]))
  let missing = 1
  const store: ObjectStore = {
    ...world.store,
    async get(name, range) {
      if (name === key && range && !('suffix' in range) && missing-- > 0) return undefined
      return world.store.get(name, range)
    },
  }
  const engine = plainSqlEngine()
  const context = { runtime: { ...world.runtime, store }, cache: readCache(), engine }
  const sql = 'select name from spans order by name'
  const answer = await querySql('acme', { sql, range: everything, format: 'rows' }, context)
  expect((await sqlResult(answer.parts)).rows).toEqual([['one'], ['two']])
  expect(missing).toBe(-1)
  // Answers are of the last attempt alone.
  expect(answer.cost.groupsRead).toBe(2)
})

test('more than may be read is refused before it is, with what to do', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([someSpan({ startNs: nowNs })]))
  const { file } = await openFile((await world.keys())[0] ?? '', world.runtime, readCache().index)
  const [group] = file.groups
  if (group === undefined) throw new Error('there must be a group')
  const chunks = new Map(
    [...group.chunks].map(([path, chunk]) => [path, { ...chunk, bytes: sqlFilesBytesMax / 2 }]),
  )
  const reading = {
    runtime: world.runtime,
    cache: readCache(),
    troubles: new Set<string>(),
    cost: {
      ...noCost(),
      filesConsidered: 0,
      filesRead: 0,
      groupsConsidered: 0,
      groupsRead: 0,
      bytesLaid: 0,
    },
    session: { lay: async () => expect.fail('nothing may be laid down') },
    prefix: '',
  }
  const chosen = chooseColumns(
    { views: new Set(['spans']), columns: new Set(['name', 'kind', 'status']) },
    [],
  )
  const big = {
    file,
    groups: [{ ...group, chunks }],
    columns: { own: [], rest: [] },
    leftOut: undefined,
  }
  await expect(layFiles([big], chosen, everything, reading)).rejects.toThrow(
    /at most 4294967296 bytes, ask for a shorter range or name fewer columns, got 6\d+ in 1 files/,
  )
})

test('a client that is gone ends its query, and leaves nothing', async () => {
  const world = lookupWorld()
  await world.flush(world.envelope([someSpan({ startNs: nowNs })]))
  const engine = plainSqlEngine()
  const context = { runtime: world.runtime, cache: readCache(), engine }
  const gone = AbortSignal.abort()
  const asked = { sql: 'select name from spans', range: everything, format: 'rows' } as const
  await expect(querySql('acme', { ...asked, signal: gone }, context)).rejects.toThrow('cancelled')
  expect(engine.sessions()).toBe(0)
  const answer = await querySql('acme', asked, context)
  expect(engine.sessions()).toBe(1)
  await answer.parts.return?.()
  await answer.parts.return?.()
  expect(engine.sessions()).toBe(0)
})

test('row groups that the WHERE rules out are not laid down; their keys are columns all the same', async () => {
  const world = lookupWorld()
  const value = (text: string) => ({ kind: 'string', value: text }) as const
  for (const [trace, key] of ['one', 'two', 'three'].entries()) {
    const attributes = [
      { key: 'customer', value: value(key) },
      { key, value: value('there') },
    ]
    const fields = { traceId: traceId(trace), name: key, attributes, endNs: nowNs + BigInt(trace) }
    await world.flush(world.envelope([someSpan({ ...fields, startNs: nowNs })]))
  }
  const ask = async (sql: string) => {
    const context = { runtime: world.runtime, cache: readCache(), engine: plainSqlEngine() }
    const answer = await querySql('acme', { sql, range: everything, format: 'rows' }, context)
    return [answer.cost.groupsRead, (await sqlResult(answer.parts)).rows.length]
  }
  const where = 'select "span.one", "span.three" from spans where'
  expect(await ask('select "span.one" from spans')).toEqual([3, 3])
  expect(await ask(`${where} "span.customer" = 'two'`)).toEqual([1, 1])
  expect(await ask(`${where} trace_id = '${hexOf(traceId(1))}'`)).toEqual([1, 1])
  expect(await ask(`${where} name = 'two' and duration_ns = 1`)).toEqual([1, 1])
  expect(await ask(`${where} duration_ns > 0 and name = 'one'`)).toEqual([0, 0])
  expect(await ask(`${where} "span.customer" = 'nobody'`)).toEqual([0, 0])
  // Each of these reads rows that the test is not made of.
  expect(await ask(`${where} "span.customer" = 'two' or true`)).toEqual([3, 3])
  expect(await ask(`with s as (from spans) select * from s where name = 'two'`)).toEqual([3, 1])
  expect(
    await ask(`select name from spans where name = 'two' union all select name from spans`),
  ).toEqual([3, 4])
  expect(await ask(`select (select count(*) from spans) from spans where name = 'two'`)).toEqual([
    3, 1,
  ])
  expect(await ask(`select span_count from traces where start > '2020-01-01'`)).toEqual([3, 3])
})

test('more files than may be read are refused, with what to do; as many as may be are read', async () => {
  const world = lookupWorld()
  for (let i = 0; i < sqlFilesMax; i++) {
    await world.flush(
      world.envelope([someSpan({ startNs: nowNs + BigInt(i), spanId: spanId(i + 1) })]),
    )
  }
  const shorter = { fromNs: nowNs + 1n, toNs: nowNs + hourNs }
  const sql = 'select count(*) from spans'
  expect(await rowsOf(world, sql)).toEqual([[String(sqlFilesMax)]])
  await world.flush(world.envelope([someSpan({ startNs: nowNs + BigInt(sqlFilesMax) })]))
  await expect(rowsOf(world, sql)).rejects.toThrow(
    'files in the range must be at most 1000, ask for a shorter range',
  )
  expect(await rowsOf(world, sql, shorter)).toEqual([[String(sqlFilesMax)]])
})

test('odd ends, events and links are what they are, and nothing that is sent makes a query fail', async () => {
  const world = lookupWorld()
  const attributes = [{ key: 'k', value: { kind: 'int', value: 7n } }] as const
  const event = { timeNs: nowNs + 7n, name: 'e', attributes, droppedAttributesCount: 2 }
  const link = {
    traceId: traceId(5),
    spanId: spanId(6),
    traceState: 's',
    flags: 1,
    attributes,
    droppedAttributesCount: 0,
  }
  const ends = [nowNs + 5n, nowNs - 5n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]
  const spans = ends.map((endNs, i) =>
    someSpan({ startNs: nowNs, endNs, spanId: spanId(i + 1), traceId: traceId(i) }),
  )
  const odd = someSpan({
    startNs: nowNs,
    endNs: nowNs,
    spanId: spanId(9),
    traceId: traceId(9),
    events: [event, { ...event, timeNs: 2n ** 63n }],
    links: [link],
  })
  await world.flush(world.envelope([...spans, odd]))
  for (const state of ['fresh', 'compacted']) {
    if (state === 'compacted') await compact(world)
    expect(
      await rowsOf(
        world,
        'select duration_ns, epoch_ns(end_time), end_time::varchar is null from spans order by span_id',
      ),
    ).toEqual([
      ['5', String(nowNs + 5n), false],
      ['0', String(nowNs - 5n), false],
      [String(2n ** 63n - 1n - nowNs), null, true],
      [String(2n ** 63n - nowNs), null, true],
      ['0', null, true],
      ['0', String(nowNs), false],
    ])
    expect(
      await rowsOf(
        world,
        'select epoch_ns(events[1].time), events[1].name, events[2].dropped_attributes_count, events[1].attributes, links from spans where len(links) > 0',
      ),
    ).toEqual([
      [
        String(nowNs + 7n),
        'e',
        2,
        [{ key: 'k', type: 'int', value: '7' }],
        [
          {
            trace_id: hexOf(traceId(5)),
            span_id: hexOf(spanId(6)),
            trace_state: 's',
            flags: 1,
            dropped_attributes_count: 0,
            attributes: [{ key: 'k', type: 'int', value: '7' }],
          },
        ],
      ],
    ])
    expect(await rowsOf(world, 'select * from spans')).toHaveLength(6)
    expect(await rowsOf(world, 'select max(duration_ns) from traces')).toEqual([
      [String(2n ** 63n - nowNs)],
    ])
  }
})
