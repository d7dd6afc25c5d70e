import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AttributeScope, columnName, fixedColumns } from '../../../src/layout/columns.ts'
import { wellKnownKeys } from '../../../src/layout/well-known-keys.ts'
import { columnNameCharsMax } from '../../../src/limits.ts'
import { attributeTypes } from '../../../src/span/span-batch.ts'

const scopes: readonly AttributeScope[] = ['resource', 'scope', 'span']
const hashed = /_[0-9a-f]{8}$/

test.each([
  ['span', 'http.route', 'string', 'span_http_route'],
  ['span', 'http.response.status_code', 'int', 'span_http_response_status_code_int'],
  ['span', 'http.status_code', 'int', 'span_http_status_code_int'],
  ['span', 'user_agent.original', 'string', 'span_user_agent_original'],
  ['resource', 'service.name', 'string', 'resource_service_name'],
  ['scope', 'otel.sampled', 'bool', 'scope_otel_sampled_bool'],
  ['span', 'sampling.weight', 'double', 'span_sampling_weight_double'],
  ['resource', 'process.command_args', 'json', 'resource_process_command_args_json'],
] as const)('%s %s %s is plainly %s', (scope, key, type, name) => {
  expect(columnName(scope, key, type)).toBe(name)
})

test.each([
  ['Http.Route', 'string'],
  ['http_route', 'string'],
  ['http.response.status.code', 'int'], // the plain name is that of http.response.status_code
  ['http.route.int', 'string'], // that of http.route as an integer
  ['a.9f3c21aa', 'string'], // looks like a hash
  ['id', 'string'], // span_id is a fixed column
  ['rest', 'string'],
  ['', 'string'],
  ['ключ', 'string'],
  ['a..b', 'string'],
] as const)('span attribute %j carries a hash', (key, type) => {
  expect(columnName('span', key, type)).toMatch(hashed)
  expect(columnName('span', key, type)).toMatch(/^[a-z0-9_]+$/)
})

test('a name at the bound is plain, a longer one is cut and carries a hash', () => {
  const longest = 'k'.repeat(columnNameCharsMax - 'span_'.length)
  expect(columnName('span', longest, 'string')).toBe(`span_${longest}`)
  const cut = columnName('span', `${longest}k`, 'string')
  expect(cut).toHaveLength(columnNameCharsMax)
  expect(cut).toMatch(hashed)
  expect(columnName('span', `${longest}kk`, 'string')).not.toBe(cut)
})

test('listed keys are plain, and no two of them share a name', () => {
  const names = wellKnownKeys.map((key) => columnName('span', key, 'string'))
  for (const name of names) expect(name).not.toMatch(hashed)
  expect(new Set(names).size).toBe(wellKnownKeys.length)
})

const words = fc.constantFrom(
  'http',
  'Http',
  'status',
  'code',
  'status_code',
  'int',
  'json',
  'id',
  'a',
  '9f3c21aa',
)
const key = fc.oneof(
  fc
    .array(words, { maxLength: 4 })
    .chain((parts) =>
      fc.constantFrom('.', '_', '-', '..').map((separator) => parts.join(separator)),
    ),
  fc.constantFrom(...wellKnownKeys),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ minLength: 100, maxLength: 140 }),
)
const attribute = fc.record({
  scope: fc.constantFrom(...scopes),
  key,
  type: fc.constantFrom(...attributeTypes),
})

test('distinct attributes have distinct names under case folding, fixed ones included', () => {
  const identity = ({ scope, key, type }: { scope: string; key: string; type: string }) =>
    `${scope} ${type} ${key}`
  fc.assert(
    fc.property(fc.uniqueArray(attribute, { selector: identity, maxLength: 60 }), (attributes) => {
      const names = attributes.map(({ scope, key, type }) => columnName(scope, key, type))
      const folded = new Set(
        [...Object.values(fixedColumns), ...names].map((name) => name.toLowerCase()),
      )
      expect(folded.size).toBe(names.length + Object.values(fixedColumns).length)
      for (const name of names) {
        expect(name).toMatch(/^[a-z0-9_]+$/)
        expect(name.length).toBeLessThanOrEqual(columnNameCharsMax)
      }
    }),
    { numRuns: 300 },
  )
})
