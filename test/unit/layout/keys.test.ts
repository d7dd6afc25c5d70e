import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  baseOf,
  deadKey,
  deadPrefix,
  freshFileKey,
  freshPrefix,
  hourOf,
  type IndexObjectRef,
  indexObjectKey,
  indexPrefix,
  isObjectName,
  isRegionName,
  isTenantName,
  manifestKey,
  manifestPrefix,
  objectName,
  parseDeadKey,
  parseFreshFileKey,
  parseIndexObjectKey,
  parseManifestKey,
  parseSpanFileKey,
  parseSpillKey,
  spanFileKey,
  spanPrefix,
  spillKey,
  storeTimeKey,
  unknownOwner,
} from '../../../src/layout/keys.ts'
import { regionCharsMax, tenantCharsMax } from '../../../src/limits.ts'
import { checkObjectKey } from '../../../src/ports/store-checks.ts'

const letters = [...'ABCXYZabcxyz0189']
const tenants = fc
  .tuple(
    fc.constantFrom(...letters),
    fc.string({ unit: fc.constantFrom(...letters, '.', '_', '-'), maxLength: tenantCharsMax - 1 }),
  )
  .map(([first, rest]) => first + rest)
const hours = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }).map(hourOf)
const ids = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'),
  minLength: 32,
  maxLength: 32,
})
const owners = fc.oneof(tenants, fc.constant(unknownOwner))

const regions = fc.string({
  unit: fc.constantFrom(...'az09-'),
  minLength: 1,
  maxLength: regionCharsMax,
})
const numbers = fc.integer({ min: 0, max: 9_999_999_999 })
const randoms = fc.uint8Array({ minLength: 8, maxLength: 8 })
const names = fc.tuple(numbers, randoms).map(([base, random]) => objectName(base, random))

const parsers = {
  parseFreshFileKey,
  parseSpillKey,
  parseDeadKey,
  parseSpanFileKey,
  parseManifestKey,
  parseIndexObjectKey,
}

describe('every key comes back from its inverse, and from no other', () => {
  const hold = (key: string, own: keyof typeof parsers, expected: unknown): void => {
    checkObjectKey(key)
    for (const [name, parse] of Object.entries(parsers)) {
      expect(parse(key)).toEqual(name === own ? expected : undefined)
    }
  }
  const runs = { numRuns: 200 }

  test('fresh files', () => {
    fc.assert(
      fc.property(tenants, hours, ids, (tenant, { date, hour }, id) => {
        const key = freshFileKey({ tenant, date, hour, id })
        hold(key, 'parseFreshFileKey', { tenant, date, hour, id })
        expect(key.startsWith(freshPrefix(tenant))).toBe(true)
      }),
      runs,
    )
  })

  test('spills', () => {
    fc.assert(
      fc.property(tenants, hours, ids, (tenant, { date }, id) => {
        hold(spillKey({ tenant, date, id }), 'parseSpillKey', { tenant, date, id })
      }),
      runs,
    )
  })

  test('dead letters, those of nobody too', () => {
    fc.assert(
      fc.property(owners, hours, ids, (owner, { date }, id) => {
        const key = deadKey({ owner, date, id })
        hold(key, 'parseDeadKey', { owner, date, id })
        expect(key.startsWith(deadPrefix(owner))).toBe(true)
        const ref = { owner, date, id, replay: id.slice(0, 16) }
        hold(deadKey(ref), 'parseDeadKey', ref)
      }),
      runs,
    )
  })

  test('span files', () => {
    fc.assert(
      fc.property(tenants, hours, names, (tenant, { date, hour }, name) => {
        const key = spanFileKey({ tenant, date, hour, name })
        hold(key, 'parseSpanFileKey', { tenant, date, hour, name })
        expect(key.startsWith(spanPrefix(tenant))).toBe(true)
      }),
      runs,
    )
  })

  test('manifests', () => {
    fc.assert(
      fc.property(tenants, regions, numbers, (tenant, region, number) => {
        const key = manifestKey({ tenant, region }, number)
        hold(key, 'parseManifestKey', { tenant, region, number })
        expect(key.startsWith(manifestPrefix({ tenant, region }))).toBe(true)
        expect(key.startsWith(indexPrefix({ tenant, region }))).toBe(true)
      }),
      runs,
    )
  })

  test('what a manifest names', () => {
    const kinds = fc.constantFrom('day', 'locators', 'summaries', 'receipts')
    fc.assert(
      fc.property(tenants, regions, hours, names, kinds, (tenant, region, at, name, kind) => {
        const parts = kind === 'day' ? { date: at.date } : kind === 'locators' ? {} : at
        const ref = { tenant, region, kind, name, ...parts } as IndexObjectRef
        const key = indexObjectKey(ref)
        hold(key, 'parseIndexObjectKey', ref)
        expect(key.startsWith(indexPrefix(ref))).toBe(true)
      }),
      runs,
    )
  })
})

test('an object name tells its base, and sorts by it', () => {
  fc.assert(
    fc.property(numbers, numbers, randoms, (base, other, random) => {
      const name = objectName(base, random)
      expect(isObjectName(name)).toBe(true)
      expect(baseOf(name)).toBe(base)
      if (base < other) expect(name < objectName(other, random)).toBe(true)
    }),
  )
})

test('keys of manifests sort by number', () => {
  const index = { tenant: 'acme', region: 'eu-west-1' }
  const keys = [1, 9, 10, 99, 100, 9_999_999_999].map((number) => manifestKey(index, number))
  expect([...keys].sort()).toEqual(keys)
})

test('no object of an index is the one that tells the time', () => {
  const key = storeTimeKey({ tenant: 'acme', region: 'eu-west-1' })
  for (const parse of Object.values(parsers)) expect(parse(key)).toBeUndefined()
})

test('keys are spelt as the design says', () => {
  const id = '0123456789abcdef0123456789abcdef'
  expect(freshFileKey({ tenant: 'acme', date: '2026-11-20', hour: '17', id })).toBe(
    `acme/fresh/date=2026-11-20/hour=17/${id}.parquet`,
  )
  const at = { tenant: 'acme', date: '2026-11-20', hour: '17' }
  const name = objectName(42, Uint8Array.of(0, 1, 2, 3, 252, 253, 254, 255))
  expect(name).toBe('0000000042-00010203fcfdfeff')
  expect(spanFileKey({ ...at, name })).toBe(
    'acme/spans/date=2026-11-20/hour=17/0000000042-00010203fcfdfeff.parquet',
  )
  const index = { ...at, region: 'eu-west-1', name }
  expect(manifestKey(index, 42)).toBe('acme/index/eu-west-1/manifest/0000000042')
  expect(indexObjectKey({ ...index, kind: 'day' })).toBe(
    'acme/index/eu-west-1/days/2026-11-20/0000000042-00010203fcfdfeff',
  )
  expect(indexObjectKey({ ...index, kind: 'locators' })).toBe(
    'acme/index/eu-west-1/locators/0000000042-00010203fcfdfeff',
  )
  expect(indexObjectKey({ ...index, kind: 'summaries' })).toBe(
    'acme/index/eu-west-1/traces/date=2026-11-20/hour=17/0000000042-00010203fcfdfeff.parquet',
  )
  expect(indexObjectKey({ ...index, kind: 'receipts' })).toBe(
    'acme/index/eu-west-1/receipts/2026-11-20-17/0000000042-00010203fcfdfeff',
  )
})

test.each([
  'acme/fresh/date=2026-11-20/hour=24/0123456789abcdef0123456789abcdef.parquet',
  'acme/fresh/date=2026-11-20/hour=17/0123456789ABCDEF0123456789abcdef.parquet',
  'acme/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet.tmp',
  'a/b/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
  '../fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
  '_unknown/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
  'acme/spans/date=2026-11-20/hour=24/0000000042-00010203fcfdfeff.parquet',
  'acme/spans/date=2026-11-20/hour=17/42-00010203fcfdfeff.parquet',
  'acme/spans/date=2026-11-20/hour=17/0000000042-00010203fcfdfeff',
  'acme/spans/date=2026-11-20/hour=17/0000000042-00010203FCFDFEFF.parquet',
  'acme/index/eu-west-1/manifest/42',
  'acme/index/eu-west-1/manifest/00000000042',
  'acme/index/EU/manifest/0000000042',
  'acme/index/eu/west/manifest/0000000042',
  '_acme/index/eu/manifest/0000000042',
  'acme/index/eu/days/0000000042-00010203fcfdfeff',
  'acme/index/eu/locators/2026-11-20/0000000042-00010203fcfdfeff',
  'acme/index/eu/traces/date=2026-11-20/hour=17/0000000042-00010203fcfdfeff',
  'acme/index/eu/receipts/2026-11-20-24/0000000042-00010203fcfdfeff',
  'acme/index/eu/locators/0000000042-00010203fcfdfeff\n',
  '',
])('%s is no key of ours', (key) => {
  for (const parse of Object.values(parsers)) expect(parse(key)).toBeUndefined()
})

test('tenant names', () => {
  expect(isTenantName('a')).toBe(true)
  expect(isTenantName('Acme-Corp_1.eu')).toBe(true)
  expect(isTenantName('a'.repeat(tenantCharsMax))).toBe(true)
  expect(isTenantName('a'.repeat(tenantCharsMax + 1))).toBe(false)
  for (const name of [
    '',
    '.',
    '..',
    '.a',
    '_a',
    '-a',
    'a/b',
    'a|b',
    'ä',
    'a b',
    'a\n',
    unknownOwner,
  ]) {
    expect(isTenantName(name), name).toBe(false)
  }
})

test('region names', () => {
  for (const name of ['local', 'eu-west-1', '0', 'a'.repeat(regionCharsMax)]) {
    expect(isRegionName(name), name).toBe(true)
  }
  for (const name of ['', 'EU', 'eu_west', 'eu/west', 'eu.west', 'a'.repeat(regionCharsMax + 1)]) {
    expect(isRegionName(name), name).toBe(false)
  }
})

test('hours are cut in UTC', () => {
  expect(hourOf(0)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(3_599_999)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(3_600_000)).toEqual({ date: '1970-01-01', hour: '01' })
  expect(hourOf(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toEqual({ date: '2028-02-29', hour: '23' })
  expect(hourOf(-1)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(Number.MAX_SAFE_INTEGER)).toEqual({ date: '9999-12-31', hour: '23' })
})
