import { expect, test } from 'vitest'
import { compactStep } from '../../src/compact/compact.ts'
import { fsck } from '../../src/fsck/fsck.ts'
import { encodeManifest } from '../../src/index/manifest-format.ts'
import type { TraceSummary } from '../../src/index/summaries.ts'
import { manifestKey } from '../../src/layout/keys.ts'
import { listAll } from '../../src/ports/object-store.ts'
import { decodeSummaryFile } from '../../src/press/read-summary-file.ts'
import { encodeSummaryFile } from '../../src/press/summary-file.ts'
import { newestManifest } from '../../src/snapshot/newest-manifest.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { type LookupWorld, lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'
import { summariesOf } from '../unit/press/summaries-of.ts'

function span(trace: number, id: number) {
  const startNs = nowNs + BigInt(id)
  const own = { traceId: traceId(trace), spanId: spanId(id), name: `op ${id}`, startNs }
  return someSpan({ service: 'cart', endNs: startNs + 1n, ...own })
}

/** Two merges' worth of span files, and a fresh file beside them. */
async function compactedWorld(): Promise<LookupWorld> {
  const world = lookupWorld()
  for (let merge = 0; merge < 2; merge++) {
    await world.flush(world.envelope([span(1, merge * 10 + 1), span(2, merge * 10 + 2)]))
    await world.flush(world.envelope([span(3, merge * 10 + 3)]))
    await compactStep('acme', world.runtime, readCache(), { now: true })
  }
  await world.flush(world.envelope([span(4, 99)]))
  return world
}

async function keysLike(world: LookupWorld, pattern: RegExp): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of listAll(world.store, 'acme/')) if (pattern.test(key)) keys.push(key)
  return keys
}

async function bodyOf(world: LookupWorld, key: string): Promise<Uint8Array> {
  return (await world.store.get(key))!.body
}

test('a bucket in order has no problems, and counts its rows', async () => {
  const world = await compactedWorld()
  const report = await fsck('acme', world.runtime, { deep: true })
  expect(report).toEqual({
    manifest: 2,
    spanFiles: 2,
    rows: 6,
    freshFiles: 1,
    freshRows: 1,
    problems: [],
    unnamed: [],
  })
})

test('rows of every kind are summarised as they are, fresh and compacted', async () => {
  const world = lookupWorld()
  const startNs = nowNs
  const rows = [
    span(1, 9),
    someSpan({ ...span(1, 8), startNs, name: 'b', service: 'web' }),
    { ...span(1, 7), startNs, name: 'a', statusCode: 2 },
    { ...span(2, 6), endNs: startNs - 5n, parentSpanId: spanId(1) },
    {
      ...span(2, 5),
      startNs: startNs - 9n,
      parentSpanId: spanId(1),
      resource: someSpan().resource,
    },
    { ...span(3, 4), endNs: 2n ** 64n - 1n },
    { ...span(3, 3), parentSpanId: spanId(4), startNs: startNs - 1n, statusCode: 2 },
  ]
  await world.flush(world.envelope(rows))
  await world.flush(world.envelope(rows.map((row, i) => ({ ...row, spanId: spanId(20 + i) }))))
  expect((await fsck('acme', world.runtime, { deep: true })).problems).toEqual([])
  await compactStep('acme', world.runtime, readCache(), { now: true })
  const report = await fsck('acme', world.runtime, { deep: true })
  expect(report).toMatchObject({ problems: [], freshRows: 0, rows: 14 })
})

test('a tenant without anything is in order', async () => {
  const report = await fsck('nobody', lookupWorld().runtime)
  expect(report).toMatchObject({ manifest: 0, spanFiles: 0, freshFiles: 0, problems: [] })
})

const parts = {
  'span file': /\/spans\//,
  'day list': /\/days\//,
  locators: /\/locators\//,
  summaries: /\/traces\//,
  receipts: /\/receipts\//,
}

test.each(Object.entries(parts))('a %s that is missing is named', async (_, pattern) => {
  const world = await compactedWorld()
  const key = (await keysLike(world, pattern)).at(-1)!
  await world.store.delete([key])
  const { problems } = await fsck('acme', world.runtime)
  expect(problems.join('\n')).toContain(key)
})

test.each(Object.entries(parts))('a %s with a wrong byte is named', async (_, pattern) => {
  const world = await compactedWorld()
  const key = (await keysLike(world, pattern)).at(-1)!
  const body = (await world.store.get(key))!.body
  // Behind the head, in what a row group, a frame, a block or a list of ids holds.
  const at = Math.min(60, body.length - 30)
  body[at] = body[at]! ^ 0x41
  await world.store.put(key, body, { kind: 'overwrite' })
  const { problems } = await fsck('acme', world.runtime, { deep: true })
  expect(problems.length).toBeGreaterThan(0)
  const name = key.split('/').at(-1)!.replace('.parquet', '')
  expect(problems.join('\n')).toContain(name)
})

test('a truncated span file, and a fresh file that is broken, are named', async () => {
  const world = await compactedWorld()
  const [file] = (await keysLike(world, /\/spans\//)) as [string]
  const { body } = (await world.store.get(file))!
  await world.store.put(file, body.subarray(0, body.length - 1), { kind: 'overwrite' })
  const fresh = (await keysLike(world, /\/fresh\//)).at(-1)!
  for (const key of await keysLike(world, /\/fresh\//)) {
    const stored = (await world.store.get(key))!.body
    stored.fill(0, stored.length - 40)
    await world.store.put(key, stored, { kind: 'overwrite' })
  }
  const { problems } = await fsck('acme', world.runtime)
  expect(problems.join('\n')).toContain(file)
  expect(problems.join('\n')).toContain('fresh file is broken')
  expect(fresh).toContain('/fresh/')
})

test('a live fresh file with a wrong byte in a row is named, when every row is decoded', async () => {
  const world = await compactedWorld()
  const live = (await withSnapshot('acme', world.runtime, readCache(), async (found) => found))
    .files
  const { key, tail } = live[0]!
  const { body } = (await world.store.get(key))!
  const { offset, bytes } = tail.rowGroups[0]!
  // Each place of the group in turn, until one is met that no checksum of the footers covers.
  const reports = []
  for (let at = offset; at < offset + Math.min(bytes, 40); at++) {
    const broken = body.slice()
    broken[at]! ^= 0x41
    await world.store.put(key, broken, { kind: 'overwrite' })
    const shallow = await fsck('acme', world.runtime)
    const deep = await fsck('acme', world.runtime, { deep: true })
    if (shallow.problems.length === 0) reports.push(deep.problems.join())
  }
  expect(reports.some((problems) => problems.includes(key))).toBe(true)
})

test('marks that are not of their bucket’s ids are named: they would hide traces', async () => {
  const world = await compactedWorld()
  const index = { tenant: 'acme', region: 'here' }
  const { manifest } = await newestManifest(index, world.runtime, readCache().index)
  const [first, ...others] = manifest.locators
  const buckets = first!.buckets.map((bucket) => {
    const marks = bucket.marks.slice()
    marks[marks.length - 1]! ^= 1
    return { ...bucket, marks }
  })
  const lying = { ...manifest, locators: [{ ...first!, buckets }, ...others] }
  const body = encodeManifest(lying, world.runtime.codec)
  await world.store.put(manifestKey(index, manifest.number), body, { kind: 'overwrite' })
  const { problems } = await fsck('acme', world.runtime)
  expect(problems).toEqual([`marks must be of the bucket's own ids, ${buckets[0]!.name}`])
})

const lies: Readonly<Record<string, (summary: TraceSummary) => Partial<TraceSummary>>> = {
  spans: ({ spans }) => ({ spans: spans + 1 }),
  errors: ({ errors }) => ({ errors: errors + 1 }),
  start: ({ startNs }) => ({ startNs: startNs - 1n }),
  end: ({ endNs }) => ({ endNs: endNs + 1n }),
  "root's start": () => ({ rootStartNs: 7n }),
  "root's name": () => ({ rootName: 'DELETE' }),
  "root's service": () => ({ rootService: undefined }),
  root: () => ({ rootStartNs: undefined, rootName: undefined, rootService: undefined }),
  services: () => ({ services: ['another'] }),
}

test.each(Object.entries(lies))(
  'a summary that lies of the %s of a trace is named',
  async (_, lie) => {
    const world = await compactedWorld()
    const key = (await keysLike(world, parts.summaries)).at(-1)!
    const { codec } = world.runtime
    const [first, ...others] = decodeSummaryFile(await bodyOf(world, key), codec)
    const told = [{ ...first!, ...lie(first!) }, ...others]
    const { bytes } = encodeSummaryFile(summariesOf(told), codec)
    await world.store.put(key, bytes, { kind: 'overwrite' })
    const { problems } = await fsck('acme', world.runtime, { deep: true })
    const complaint = `summaries must say of trace ${hexOf(first!.traceId)} what its rows say`
    expect(problems.join('\n')).toContain(complaint)
  },
)

test('a trace without a summary is named, though as many are there as there should be', async () => {
  const world = await compactedWorld()
  const key = (await keysLike(world, parts.summaries))[0]!
  const { codec } = world.runtime
  const told = decodeSummaryFile(await bodyOf(world, key), codec)
  const [first] = told
  const { bytes } = encodeSummaryFile(summariesOf(told.map(() => first!)), codec)
  await world.store.put(key, bytes, { kind: 'overwrite' })
  const { problems } = await fsck('acme', world.runtime, { deep: true })
  expect(problems.join('\n')).toContain(`summaries must tell of ${told.length} traces, tell of 1`)
})

test('what no manifest names is listed, until the sweep takes it', async () => {
  const world = await compactedWorld()
  const orphan = 'acme/spans/date=2026-11-20/hour=12/0000000000-00112233445566ff.parquet'
  await world.store.put(orphan, new Uint8Array(9), { kind: 'create' })
  const { unnamed, problems } = await fsck('acme', world.runtime)
  expect(problems).toEqual([])
  expect(unnamed.map(({ key }) => key)).toEqual([orphan])
  world.pass(2 * 3_600_000)
  await sweep('acme', world.runtime, readCache().index)
  expect((await fsck('acme', world.runtime)).unnamed).toEqual([])
})

test('a corrupt manifest is a problem, and the rest is checked all the same', async () => {
  const world = await compactedWorld()
  const [old, newest] = (await keysLike(world, /\/manifest\//)) as [string, string]
  const [oldBody, newestBody] = [await bodyOf(world, old), await bodyOf(world, newest)]
  const orphan = 'acme/spans/date=2026-11-20/hour=12/0000000000-00112233445566ff.parquet'
  await world.store.put(orphan, new Uint8Array(9), { kind: 'create' })

  await world.store.put(old, new Uint8Array(9), { kind: 'overwrite' })
  const report = await fsck('acme', world.runtime, { deep: true })
  expect(report).toMatchObject({ manifest: 2, spanFiles: 2, rows: 6, freshRows: 1, unnamed: [] })
  expect(report.problems).toEqual([expect.stringContaining(old)])

  await world.store.put(newest, new Uint8Array(9), { kind: 'overwrite' })
  const both = await fsck('acme', world.runtime, { deep: true })
  expect(both).toMatchObject({ manifest: 0, spanFiles: 0, freshFiles: 5, unnamed: [] })
  expect(both.problems).toEqual([expect.stringContaining(old), expect.stringContaining(newest)])

  await world.store.put(old, oldBody, { kind: 'overwrite' })
  await world.store.put(newest, newestBody, { kind: 'overwrite' })
  const { unnamed, problems } = await fsck('acme', world.runtime)
  expect({ unnamed: unnamed.map(({ key }) => key), problems }).toEqual({
    unnamed: [orphan],
    problems: [],
  })
})

test('what the newest manifest that can be read names is checked when a newer one is corrupt', async () => {
  const world = await compactedWorld()
  const newest = (await keysLike(world, /\/manifest\//)).at(-1)!
  await world.store.put(newest, new Uint8Array(9), { kind: 'overwrite' })
  const [file] = (await keysLike(world, /\/spans\//)) as [string]
  await world.store.delete([file])
  const { manifest, problems } = await fsck('acme', world.runtime)
  expect(manifest).toBe(1)
  expect(problems.join('\n')).toContain(newest)
  expect(problems.join('\n')).toContain(file)
})
