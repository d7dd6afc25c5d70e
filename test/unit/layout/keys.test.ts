import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  deadKey,
  deadPrefix,
  freshFileKey,
  freshPrefix,
  hourOf,
  isTenantName,
  parseDeadKey,
  parseFreshFileKey,
  parseSpillKey,
  spillKey,
  unknownOwner,
} from '../../../src/layout/keys.ts'
import { tenantCharsMax } from '../../../src/limits.ts'
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

const parsers = { parseFreshFileKey, parseSpillKey, parseDeadKey }

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
      }),
      runs,
    )
  })
})

test('keys are spelt as the design says', () => {
  const id = '0123456789abcdef0123456789abcdef'
  expect(freshFileKey({ tenant: 'acme', date: '2026-11-20', hour: '17', id })).toBe(
    `acme/fresh/date=2026-11-20/hour=17/${id}.parquet`,
  )
})

test.each([
  'acme/fresh/date=2026-11-20/hour=24/0123456789abcdef0123456789abcdef.parquet',
  'acme/fresh/date=2026-11-20/hour=17/0123456789ABCDEF0123456789abcdef.parquet',
  'acme/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet.tmp',
  'a/b/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
  '../fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
  '_unknown/fresh/date=2026-11-20/hour=17/0123456789abcdef0123456789abcdef.parquet',
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

test('hours are cut in UTC', () => {
  expect(hourOf(0)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(3_599_999)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(3_600_000)).toEqual({ date: '1970-01-01', hour: '01' })
  expect(hourOf(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toEqual({ date: '2028-02-29', hour: '23' })
  expect(hourOf(-1)).toEqual({ date: '1970-01-01', hour: '00' })
  expect(hourOf(Number.MAX_SAFE_INTEGER)).toEqual({ date: '9999-12-31', hour: '23' })
})
