import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { emptyManifest, type LocatorSet, type Manifest } from '../../../src/index/manifest.ts'
import { decodeManifest, encodeManifest } from '../../../src/index/manifest-format.ts'
import { freshFileKey, hourOf, objectName } from '../../../src/layout/keys.ts'
import { locatorMarkEntries, regionCharsMax, tenantCharsMax } from '../../../src/limits.ts'
import { expectCutsRefused, expectFlipsRefused } from './broken-bytes.ts'
import { changed } from './changed.ts'
import { framedJson, reframed } from './reframed.ts'
import { sampleManifest } from './sample-index.ts'

const key = 'acme/index/eu-west-1/manifest/0000000042'
const encode = (manifest: Manifest) => encodeManifest(manifest, nodeCodec)
const decode = (bytes: Uint8Array) => decodeManifest(bytes, key, nodeCodec)
const sample = encode(sampleManifest)

const counts = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
const times = fc.maxSafeNat()
const int64 = fc.oneof(
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const hours = fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }).map(hourOf)
const tenants = fc.constantFrom('a', 'acme', 'Acme-Corp_1.eu', 'x'.repeat(tenantCharsMax))

const manifests: fc.Arbitrary<Manifest> = fc
  .record({ tenant: tenants, number: fc.integer({ min: 1, max: 9_999_999_999 }) })
  .chain(({ tenant, number }) => {
    const names = fc
      .tuple(fc.nat({ max: number - 1 }), fc.uint8Array({ minLength: 8, maxLength: 8 }))
      .map(([base, random]) => objectName(base, random))
    const days = fc.record({
      date: hours.map(({ date }) => date),
      name: names,
      files: counts,
      spanFileBytes: counts,
      startMinNs: int64,
      startMaxNs: int64,
      receivedToMinMs: times,
    })
    const buckets = fc
      .tuple(fc.integer({ min: 1, max: 3 * locatorMarkEntries }), names, counts, fc.nat())
      .map(([entries, name, bytes, seed]) => ({
        name,
        bytes,
        entries,
        marks: Uint8Array.from(
          { length: (Math.ceil(entries / locatorMarkEntries) + 1) * 16 },
          (_, i) => seed >> (i % 24),
        ),
      }))
    const sets: fc.Arbitrary<LocatorSet> = fc
      .tuple(
        fc.integer({ min: 1, max: number }),
        fc.array(buckets, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 20 }),
        fc.uniqueArray(fc.nat({ max: 18 }), { maxLength: 20 }),
      )
      .map(([since, some, files, gone]) => ({
        since,
        buckets: some,
        dropped: gone.filter((file) => file < files - 1).sort((a, b) => a - b),
        files,
      }))
    const receipts = fc
      .record({ at: hours, name: names, bytes: counts, filterBytes: counts })
      .map(({ at: { date, hour }, ...rest }) => ({ date, hour, ...rest }))
    const absorbed = fc
      .tuple(hours, fc.uint8Array({ minLength: 16, maxLength: 16 }))
      .map(([at, id]) => freshFileKey({ tenant, ...at, id: Buffer.from(id).toString('hex') }))
    return fc.record<Manifest>({
      tenant: fc.constant(tenant),
      region: fc.constantFrom('local', 'eu-west-1', '0'.repeat(regionCharsMax)),
      number: fc.constant(number),
      nonce: fc
        .uint8Array({ minLength: 8, maxLength: 8 })
        .map((bytes) => Buffer.from(bytes).toString('hex')),
      floor: fc.nat({ max: number }),
      expiredMs: times,
      asOfMs: times,
      days: sortedBy(days, ({ date }) => date),
      locators: fc.array(sets, { maxLength: 3 }),
      receipts: sortedBy(receipts, ({ date, hour, name }) => `${date}-${hour} ${name}`),
      absorbed: sortedBy(absorbed, (each) => each),
    })
  })

function sortedBy<T>(items: fc.Arbitrary<T>, order: (item: T) => string): fc.Arbitrary<T[]> {
  return fc
    .uniqueArray(items, { selector: order, maxLength: 5 })
    .map((some) => some.sort((a, b) => (order(a) < order(b) ? -1 : 1)))
}

test('a manifest comes back as it is', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      expect(decode(encode(manifest))).toEqual(manifest)
    }),
    { numRuns: 200 },
  )
})

test('bytes cut short or changed are corrupt', () => {
  expectCutsRefused(sample, decode)
  expectFlipsRefused(sample, decode)
})

test.each([0, 2, 0xffff_ffff])(
  'a manifest of version %i is refused, and the message says so',
  (version) => {
    const other = sample.slice()
    new DataView(other.buffer).setUint32(8, version, true)
    expect(() => decode(other)).toThrow(
      expect.objectContaining({
        kind: 'corrupt',
        message: `manifest ${key} is of version ${version}`,
      }),
    )
  },
)

const notCounts = [-1, 1.5, 2 ** 53, '1', null, undefined]
const name = (base: number) => objectName(base, new Uint8Array(8))
const notNames = ['', '0000000001-ABCDEF0123456789', `${name(1)}0`, '../x', 7, undefined]
const dates = ['2026-11-20\n', '2026-1-20', '20261120', 7, undefined]
const notHours = ['24', '7', '', 17, undefined]
const notInt64 = ['', '1.5', String(2n ** 63n), String(-(2n ** 63n) - 1n), '0x1', 7, undefined]

/** What neither `String` nor `Number` can convert. */
const overriding = { toString: 1, valueOf: 1 }

/** Members of the JSON: what is just within their bounds, and what is just beyond. */
const members: [path: string, near: unknown[], far: unknown[]][] = [
  ['tenant', ['a', 'x'.repeat(tenantCharsMax)], ['', '_a', 'x'.repeat(tenantCharsMax + 1), 7]],
  ['region', ['0', 'a'.repeat(regionCharsMax)], ['', 'EU', 'a'.repeat(regionCharsMax + 1), 7]],
  ['number', [42, 9_999_999_999], [41, 0, 10_000_000_000, ...notCounts]],
  ['nonce', ['0'.repeat(16)], ['0'.repeat(15), '0'.repeat(17), 'g'.repeat(16), undefined]],
  ['floor', [0, 42], [43, ...notCounts]],
  ['expiredMs', [0, 2 ** 53 - 1], notCounts],
  ['asOfMs', [0, 2 ** 53 - 1], notCounts],
  ['days', [[]], [{}, [null], undefined]],
  ['days.0.date', ['0000-00-00', '2026-11-19'], ['2026-11-20', '2026-11-21', ...dates]],
  ['days.0.name', [name(0), name(41)], [name(42), ...notNames]],
  ['days.0.files', [0, 2 ** 53 - 1], notCounts],
  ['days.0.spanFileBytes', [0, 2 ** 53 - 1], notCounts],
  ['days.0.startMinNs', [String(2n ** 63n - 1n), String(-(2n ** 63n))], notInt64],
  ['days.0.startMaxNs', [String(2n ** 63n - 1n), String(-(2n ** 63n))], notInt64],
  ['days.0.receivedToMinMs', [0, 2 ** 53 - 1], notCounts],
  ['locators', [[]], [{}, [null], undefined]],
  ['locators.0.since', [1, 42], [0, 43, ...notCounts]],
  ['locators.0.buckets', [], [[], {}, [null], undefined]],
  ['locators.0.buckets.0.name', [name(0), name(41)], [name(42), ...notNames]],
  ['locators.0.buckets.0.bytes', [0, 2 ** 53 - 1], notCounts],
  [
    'locators.0.buckets.0.entries',
    [1, locatorMarkEntries],
    [0, locatorMarkEntries + 1, ...notCounts],
  ],
  [
    'locators.0.buckets.1.entries',
    [2 * locatorMarkEntries],
    [locatorMarkEntries, 2 * locatorMarkEntries + 1],
  ],
  [
    'locators.0.buckets.0.marks',
    ['ff'.repeat(32)],
    ['ff'.repeat(31), 'ff'.repeat(33), 'ff'.repeat(16), 'f'.repeat(65), 'FF'.repeat(32), '', 7],
  ],
  [
    'locators.0.dropped',
    [[], [3], [0, 1, 2], [1, 2, 3]],
    [[4], [-1], [1.5], [1, 0], [1, 1], [0, 1, 2, 3], ['x'], ['0'], [overriding], [null], {}],
  ],
  ['locators.0.files', [4, 3, 2 ** 53 - 1], [2, 0, ...notCounts]],
  ['receipts', [[]], [{}, [null], undefined]],
  ['receipts.0.date', ['0000-00-00', '2026-11-19'], ['2026-11-21', ...dates]],
  ['receipts.0.hour', ['00', '23'], notHours],
  ['receipts.0.name', [name(0), name(41)], [name(42), ...notNames]],
  [
    'receipts.1.name',
    [name(12), name(40)],
    [sampleManifest.receipts[2]?.name, '0000000041-0f00000000000000'],
  ],
  ['receipts.0.bytes', [0, 2 ** 53 - 1], notCounts],
  ['receipts.0.filterBytes', [0, 2 ** 53 - 1], notCounts],
  ['absorbed', [[]], [{}, [''], [null], [7], [overriding], ['../x'], undefined]],
]

describe.each(members)('a manifest with %s', (path, near, far) => {
  test.each(near.map((value) => [value]))('%j is read', (value) => {
    const bytes = reframed(sample, (json) => changed(json, path, value))
    expect(framedJson(encode(decode(bytes)))).toEqual(framedJson(bytes))
  })

  test.each(far.map((value) => [value]))('%j is corrupt', (value) => {
    const bytes = reframed(sample, (json) => changed(json, path, value))
    expect(() => decode(bytes)).toThrow(
      expect.objectContaining({ kind: 'corrupt', message: expect.stringContaining(key) }),
    )
  })
})

test.each([null, [], 7, 'text'])('a manifest that is %j is corrupt', (json) => {
  expect(() => decode(reframed(sample, () => json))).toThrow(`manifest ${key} must be an object`)
})

const freshFile = (tenant: string, id: string) =>
  freshFileKey({ tenant, date: '2026-11-20', hour: '17', id: id.repeat(32) })

test.each<[path: string, to: unknown]>([
  ['tenant', '_acme'],
  ['region', 'EU'],
  ['number', 0],
  ['number', 41],
  ['number', 42.5],
  ['number', 10_000_000_000],
  ['nonce', 'x'],
  ['floor', 43],
  ['expiredMs', -1],
  ['expiredMs', 1.5],
  ['asOfMs', Number.NaN],
  ['days.0.date', '2026-11-20'],
  ['days.0.name', name(42)],
  ['days.0.date', 'x'],
  ['days.1.name', 'day'],
  ['days.0.files', -1],
  ['days.0.files', Number.NaN],
  ['days.0.spanFileBytes', 2 ** 53],
  ['days.0.startMinNs', 2n ** 63n],
  ['days.0.startMaxNs', -(2n ** 63n) - 1n],
  ['days.0.receivedToMinMs', 1.5],
  ['locators.0.since', 0],
  ['locators.1.since', 43],
  ['locators.0.buckets', []],
  ['locators.0.buckets.0.entries', 0],
  ['locators.0.buckets.0.entries', 1.5],
  ['locators.0.buckets.0.bytes', -1],
  ['locators.0.buckets.0.name', name(42)],
  ['locators.0.buckets.0.marks', new Uint8Array(31)],
  ['locators.0.dropped', [2, 0]],
  ['locators.0.dropped', [4]],
  ['locators.0.dropped', [0, 1, 2, 3]],
  ['locators.0.files', 2],
  ['locators.0.files', 4.5],
  ['receipts.0.date', '2026-11-21'],
  ['receipts.0.date', '1'],
  ['receipts.0.hour', '1'],
  ['receipts.0.bytes', -1],
  ['receipts.0.filterBytes', 1.5],
  ['receipts.2.name', name(42)],
  ['absorbed.0', freshFile('acme', '2')],
  ['absorbed.1', freshFile('acme', '0')],
  ['absorbed.0', freshFile('Acme', '0')],
  ['absorbed.0', 'acme/fresh/0.parquet'],
])('a manifest with %s %s is not written', (path, to) => {
  expect(() => encode(changed(sampleManifest, path, to))).toThrow(
    expect.objectContaining({ kind: 'corrupt', message: expect.stringMatching(/^manifest \d/) }),
  )
})

test('number 0 is that of no manifest', () => {
  const none = emptyManifest('acme', 'local')
  expect(() => encode(none)).toThrow('manifest 0 must have')
  const bytes = encode({ ...none, number: 1 })
  expect(() => decode(reframed(bytes, (json) => changed(json, 'number', 0)))).toThrow(
    `manifest ${key} must have`,
  )
})

test('a manifest may be its own floor, and the message says so of one above', () => {
  expect(() => encode({ ...sampleManifest, floor: 43 })).toThrow(
    'manifest 42 must have a floor of at most its number, got 43',
  )
})

test('a frame that is not what it claims to be is told by its key', () => {
  const { length } = JSON.stringify(framedJson(sample))
  const other = sample.slice()
  const view = new DataView(other.buffer)
  view.setUint32(12, view.getUint32(12, true) + 1, true)
  expect(() => decode(other)).toThrow(
    expect.objectContaining({
      kind: 'corrupt',
      message: `manifest ${key} must hold ${length + 1} bytes of json in a zstd frame`,
    }),
  )
})

test('a bucket has at least one locator', () => {
  const path = 'locators.1.buckets.0'
  const bucket = { name: name(41), bytes: 0, entries: 0 }
  expect(() =>
    encode(changed(sampleManifest, path, { ...bucket, marks: new Uint8Array() })),
  ).toThrow('must have a mark for each part of 0 locators')
  const bytes = reframed(sample, (json) => changed(json, path, { ...bucket, marks: '' }))
  expect(() => decode(bytes)).toThrow('must have a mark for each part of 0 locators')
})

test('absorbed files are those of its tenant, whatever their hour', () => {
  const absorbed = [
    freshFileKey({ tenant: 'acme', date: '2026-11-20', hour: '09', id: 'f'.repeat(32) }),
    freshFile('acme', '0'),
    freshFile('acme', 'f'),
  ]
  expect(decode(encode({ ...sampleManifest, absorbed })).absorbed).toEqual(absorbed)
})
