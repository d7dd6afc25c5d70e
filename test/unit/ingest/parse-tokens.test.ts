import { expect, test } from 'vitest'
import { kindOf, messageOf } from '../../../src/errors.ts'
import { parseTokens } from '../../../src/ingest/parse-tokens.ts'

const sha256 = 'ab'.repeat(32)
const token = { name: 'shop', sha256, roles: ['write'], tenants: ['acme'] }

function refusalOf(file: unknown): string {
  try {
    parseTokens(typeof file === 'string' ? file : JSON.stringify(file))
    return 'none'
  } catch (error) {
    return kindOf(error) === 'invalid' ? messageOf(error) : String(error)
  }
}

test('a tokens file', () => {
  const other = { ...token, name: 'b', sha256: 'CD'.repeat(32), spansPerSecond: 0.5 }
  const file = {
    tokens: [token, other],
    tenants: { acme: { spansPerSecond: 7, retention: '90d' }, b: {} },
  }
  const { tokens, tenants } = parseTokens(JSON.stringify(file))
  expect(tokens).toEqual([token, { ...other, sha256: 'cd'.repeat(32) }])
  expect(tenants).toEqual(
    new Map([
      ['acme', { spansPerSecond: 7, retentionMs: 90 * 86_400_000 }],
      ['b', {}],
    ]),
  )
})

test.each([
  ['{', 'tokens file must be JSON'],
  ['null', 'tokens file must be an object'],
  ['[]', 'tokens file must be an object'],
  [{}, 'tokens file must hold at least one token, as {"tokens": [...]}'],
  [{ tokens: [] }, 'tokens file must hold at least one token, as {"tokens": [...]}'],
  [{ tokens: [token], tenant: {} }, 'tokens file must hold only tokens, tenants, got tenant'],
  [{ tokens: [token, null] }, 'token 2 must be an object'],
  [{ tokens: [{ ...token, name: '' }] }, 'token 1 must have a name'],
  [{ tokens: [{ ...token, token: 'x' }] }, /^token 1 must hold only name, .*, got token$/],
  [{ tokens: [{ ...token, sha256: 'ab' }] }, 'token 1 (shop) must have a sha256 of 64 hex digits'],
  [
    { tokens: [{ ...token, roles: [] }] },
    'token 1 (shop) must have roles among write, read, site, admin',
  ],
  [{ tokens: [{ ...token, roles: ['root'] }] }, /must have roles among/],
  [{ tokens: [{ ...token, roles: 'write' }] }, /must have roles among/],
  [{ tokens: [{ ...token, tenants: ['a/b'] }] }, /must have tenants, named with/],
  [{ tokens: [{ ...token, tenants: [1] }] }, /must have tenants, named with/],
  [
    { tokens: [{ ...token, spansPerSecond: '9' }] },
    'token 1 (shop) must have a positive number as spansPerSecond',
  ],
  [{ tokens: [token, token] }, 'tokens 1 and 2 must not have the same name'],
  [{ tokens: [token, { ...token, name: 'b' }] }, 'tokens 1 and 2 must not have the same sha256'],
  [{ tokens: [token], tenants: [] }, 'tenants must be an object'],
  [{ tokens: [token], tenants: 'acme' }, 'tenants must be an object'],
  [{ tokens: [token], tenants: { '..': {} } }, /^tenant must be named with .*, got \.\.$/],
  [{ tokens: [token], tenants: { acme: 5 } }, 'tenant acme must be an object'],
  [
    { tokens: [token], tenants: { acme: { spansPerSecond: 0 } } },
    'tenant acme must have a positive number as spansPerSecond',
  ],
  [
    { tokens: [token], tenants: { acme: { spansPerSec: 1 } } },
    'tenant acme must hold only spansPerSecond, retention, got spansPerSec',
  ],
  [
    { tokens: [token], tenants: { acme: { retention: 30 } } },
    'tenant acme must have a retention like "30d"',
  ],
  [
    { tokens: [token], tenants: { acme: { retention: '59m' } } },
    /^tenant acme: retention duration must be from 1h to 3650d, .*got 59m$/,
  ],
])('%j is refused', (file, expected) => {
  expect(refusalOf(file)).toMatch(expected)
})
