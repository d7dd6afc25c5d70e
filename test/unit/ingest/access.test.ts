import { describe, expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { kindOf, messageOf } from '../../../src/errors.ts'
import { type Access, openAccess, type Role, tokenAccess } from '../../../src/ingest/access.ts'
import { tokenCharsMax } from '../../../src/limits.ts'
import { hexOf } from '../../../src/span/trace-id.ts'

const hashOf = (token: string) => hexOf(nodeCodec.sha256(new TextEncoder().encode(token)))
const long = 'l'.repeat(tokenCharsMax)

const access = tokenAccess(
  JSON.stringify({
    tokens: [
      {
        name: 'shop',
        sha256: hashOf('w1'),
        roles: ['write'],
        tenants: ['acme'],
        spansPerSecond: 10,
      },
      {
        name: 'both',
        sha256: hashOf('rw').toUpperCase(),
        roles: ['read', 'write'],
        tenants: ['acme', 'emca'],
      },
      { name: 'peer', sha256: hashOf('s'), roles: ['site'], tenants: ['acme'] },
      { name: 'long', sha256: hashOf(long), roles: ['write'], tenants: ['acme'] },
    ],
    tenants: { acme: { spansPerSecond: 100 }, emca: {} },
  }),
  nodeCodec,
)

function ask(by: Access, role: Role, authorization?: string, orgId?: string): unknown {
  try {
    return by.authorize({ authorization, orgId }, role)
  } catch (error) {
    return `${kindOf(error)}: ${messageOf(error)}`
  }
}

describe('with tokens', () => {
  test('a token acts for its tenant, within its bounds and those of the tenant', () => {
    expect(ask(access, 'write', 'Bearer w1')).toEqual({
      tenant: 'acme',
      budgets: [
        { name: 'tenant acme', spansPerSecond: 100 },
        { name: 'token shop', spansPerSecond: 10 },
      ],
    })
    expect(ask(access, 'read', 'Bearer rw', 'emca')).toEqual({ tenant: 'emca', budgets: [] })
  })

  test.each([
    ['bearer w1', 'acme'],
    ['BEARER   w1 ', 'acme'],
    [`Basic ${btoa('anyone:w1')}`, 'acme'],
    [`basic ${btoa(':w1')}`, ''],
    [`Bearer ${long}`, undefined],
    [`Basic ${btoa(`u:${long}`)}`, undefined],
  ])('%s', (authorization, orgId) => {
    expect(ask(access, 'write', authorization, orgId)).toMatchObject({ tenant: 'acme' })
  })

  test.each([
    undefined,
    '',
    'w1',
    'Bearer',
    'Bearer w2',
    'Bearer w1 w1',
    `Bearer ${hashOf('w1')}`,
    `Basic ${btoa('w1')}`,
    `Basic ${btoa('w1:')}`,
    'Basic !!!',
    'Digest w1',
    `Bearer ${'x'.repeat(10_000)}`,
  ])('%s is nobody', (authorization) => {
    expect(ask(access, 'write', authorization)).toBe(
      'unauthenticated: token must be given and known',
    )
  })

  test('a token does what its roles say and nothing else', () => {
    const roles: Role[] = ['write', 'read', 'site', 'admin']
    const allowed = (authorization: string) =>
      roles.filter((role) => typeof ask(access, role, authorization, 'acme') !== 'string')
    expect(allowed('Bearer w1')).toEqual(['write'])
    expect(allowed('Bearer rw')).toEqual(['write', 'read'])
    expect(allowed('Bearer s')).toEqual(['site'])
    expect(ask(access, 'read', 'Bearer w1')).toBe('forbidden: token must have the role read')
  })

  test('a tenant is one that the token has, and one at a time', () => {
    expect(ask(access, 'write', 'Bearer w1', 'emca')).toMatch(/^forbidden: /)
    expect(ask(access, 'write', 'Bearer w1', 'ACME')).toMatch(/^forbidden: /)
    expect(ask(access, 'write', 'Bearer rw', 'acme|emca')).toBe(
      'invalid: x-scope-orgid must name one tenant, got acme|emca',
    )
    expect(ask(access, 'write', 'Bearer rw')).toMatch(/^invalid: /)
  })
})

describe('without tokens', () => {
  test('everybody is the one tenant', () => {
    expect(ask(openAccess(), 'write')).toEqual({ tenant: 'default', budgets: [] })
    expect(ask(openAccess(), 'admin', 'Bearer whatever', 'default')).toMatchObject({
      tenant: 'default',
    })
    expect(ask(openAccess('acme'), 'read', undefined, '')).toMatchObject({ tenant: 'acme' })
  })

  test('and no other', () => {
    expect(ask(openAccess(), 'write', undefined, 'acme')).toMatch(/^forbidden: /)
    expect(ask(openAccess(), 'read', undefined, 'default|acme')).toMatch(/^invalid: /)
  })
})
