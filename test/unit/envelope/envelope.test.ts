import { readFileSync, writeFileSync } from 'node:fs'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import type { Envelope } from '../../../src/envelope/envelope.ts'
import { layout } from '../../../src/envelope/envelope-format.ts'
import { envelopeId } from '../../../src/envelope/envelope-id.ts'
import { openMessage } from '../../../src/envelope/open-message.ts'
import { sealEnvelope } from '../../../src/envelope/seal-envelope.ts'
import { kindOf } from '../../../src/errors.ts'
import { spillKey } from '../../../src/layout/keys.ts'
import { tenantCharsMax } from '../../../src/limits.ts'
import { crc32 } from '../../../src/span/crc32.ts'
import { hexOf } from '../../../src/span/trace-id.ts'

const spill = (tenant: string) =>
  spillKey({ tenant, date: '2026-11-20', id: '00112233445566778899aabbccddeeff' })

const envelopes: fc.Arbitrary<Envelope> = fc
  .record({
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    tenant: fc.constantFrom('a', 'acme', 'Acme-Corp_1.eu', 'x'.repeat(tenantCharsMax)),
    receivedMs: fc.nat({ max: 8_640_000_000_000_000 }),
    encoding: fc.constantFrom('gzip' as const, 'zstd' as const),
    decompressedBytes: fc.nat({ max: 0xffff_ffff }),
    spans: fc.nat({ max: 0xffff_ffff }),
    items: fc.nat({ max: 0xffff_ffff }),
    bytes: fc.uint8Array({ maxLength: 200 }),
    isSpill: fc.boolean(),
  })
  .map(({ bytes, isSpill, ...head }) => ({
    ...head,
    body: isSpill ? { kind: 'spill', key: spill(head.tenant) } : { kind: 'inline', bytes },
  }))

const messages = fc.array(envelopes, { minLength: 1, maxLength: 5 })

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

test('a message opens into the envelopes that were sealed, at any place in memory', () => {
  fc.assert(
    fc.property(messages, fc.nat({ max: 7 }), (sealed, offset) => {
      const bytes = joined([new Uint8Array(offset), ...sealed.map(sealEnvelope)])
      expect(openMessage(bytes.subarray(offset))).toEqual({ envelopes: sealed, corrupt: [] })
    }),
    { numRuns: 100 },
  )
})

/** Whatever is done to a message, what opens is what was sealed, in order, and every byte is accounted for. */
function expectNeverWrong(message: Uint8Array, sealed: readonly Envelope[]): void {
  const { envelopes, corrupt } = openMessage(message)
  let from = 0
  for (const envelope of envelopes) {
    const at = sealed.findIndex((one, i) => i >= from && sameEnvelope(one, envelope))
    expect(at).toBeGreaterThanOrEqual(from)
    from = at + 1
  }
  for (const { error } of corrupt) expect(kindOf(error)).toBe('corrupt')
  const opened = envelopes.reduce((bytes, envelope) => bytes + sealEnvelope(envelope).length, 0)
  expect(opened + corrupt.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(message.length)
}

function sameEnvelope(a: Envelope, b: Envelope): boolean {
  return Buffer.from(sealEnvelope(a)).equals(sealEnvelope(b))
}

test('bytes that changed never open into something else', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(messages, edits, (sealed, changes) => {
      const message = joined(sealed.map(sealEnvelope))
      for (const [place, mask] of changes) message[place % message.length]! ^= mask
      expectNeverWrong(message, sealed)
    }),
    { numRuns: 300 },
  )
})

test('messages cut short or with noise behind keep what is whole', () => {
  fc.assert(
    fc.property(
      messages,
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      (sealed, cut, noise) => {
        const message = joined(sealed.map(sealEnvelope))
        expectNeverWrong(message.subarray(0, cut % message.length), sealed)
        const behind = joined([message, noise])
        expectNeverWrong(behind, sealed)
        expect(openMessage(behind).envelopes).toHaveLength(sealed.length)
      },
    ),
    { numRuns: 100 },
  )
})

const envelope: Envelope = {
  id: Uint8Array.from({ length: 16 }, (_, i) => i),
  tenant: 'acme',
  receivedMs: Date.UTC(2026, 10, 20, 17, 3),
  encoding: 'zstd',
  decompressedBytes: 1_000,
  spans: 7,
  items: 30,
  body: { kind: 'inline', bytes: new TextEncoder().encode('a body') },
}
const sealed = sealEnvelope(envelope)

test('an envelope whose content is damaged takes nobody with it', () => {
  const message = joined([sealed, sealed, sealed])
  message[2 * sealed.length - 1]! ^= 1
  const { envelopes, corrupt } = openMessage(message)
  expect(envelopes).toEqual([envelope, envelope])
  expect(corrupt).toMatchObject([
    {
      offset: sealed.length,
      bytes: sealed.length,
      error: { message: `envelope content must match its checksum, at byte ${sealed.length}` },
    },
  ])
})

test('behind a damaged header nothing is believed, not even a whole envelope inside a body', () => {
  const carrier = sealEnvelope({ ...envelope, body: { kind: 'inline', bytes: sealed } })
  const message = joined([carrier, sealed])
  // The length now says that the content ends where the client's own bytes begin.
  new DataView(message.buffer).setUint32(layout.contentBytes, 0, true)
  const { envelopes, corrupt } = openMessage(message)
  expect(envelopes).toEqual([])
  expect(corrupt).toMatchObject([{ offset: 0, bytes: message.length }])
})

test('an empty message is corrupt', () => {
  expect(openMessage(new Uint8Array())).toMatchObject({
    envelopes: [],
    corrupt: [{ offset: 0, bytes: 0 }],
  })
})

test.each([
  ['another version', layout.version, 2, 'envelope version must be 1, got 2'],
  [
    'an unknown encoding',
    layout.encoding,
    3,
    'envelope encoding and body kind must be known, got 3 and 1',
  ],
  [
    'an unknown body kind',
    layout.bodyKind,
    0,
    'envelope encoding and body kind must be known, got 2 and 0',
  ],
  ['a tenant that is no name', layout.tenant, 0x2e, 'envelope tenant must be a name, got .cme'],
  ['a time before 1970', layout.receivedMs + 7, 0xc2, /receivedMs must be a whole number, got -/],
])('%s is refused though its checksum holds', (_, place, byte, message) => {
  const bytes = sealed.slice()
  bytes[place] = byte
  const end = layout.tenant + envelope.tenant.length
  new DataView(bytes.buffer).setUint32(layout.headerCrc, zlibCrc32(bytes.subarray(8, end)), true)
  const { envelopes, corrupt } = openMessage(bytes)
  expect(envelopes).toEqual([])
  expect(corrupt[0]!.error.message).toMatch(message)
})

test('a pointer to another tenant’s spill is neither sealed nor opened', () => {
  const own = sealEnvelope({ ...envelope, body: { kind: 'spill', key: spill('acme') } })
  expect(openMessage(own).envelopes).toHaveLength(1)
  expect(() => sealEnvelope({ ...envelope, body: { kind: 'spill', key: spill('emca') } })).toThrow(
    'envelope spill must be one of acme',
  )
  const foreign = own.slice()
  const contentStart = layout.tenant + 4
  foreign.set(new TextEncoder().encode('emca'), contentStart)
  const view = new DataView(foreign.buffer)
  view.setUint32(layout.contentCrc, zlibCrc32(foreign.subarray(contentStart)), true)
  view.setUint32(layout.headerCrc, zlibCrc32(foreign.subarray(8, contentStart)), true)
  expect(openMessage(foreign).corrupt[0]!.error.message).toMatch(/must be one of acme, got emca/)
})

test('the checksum is that of zlib, at every length and remainder', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) & 0xff)
  for (let length = 0; length <= 300; length += length < 40 ? 1 : 13) {
    expect(crc32(bytes.subarray(3, 3 + length))).toBe(zlibCrc32(bytes.subarray(3, 3 + length)))
  }
})

test('an id tells tenants and bodies apart, and not their compression', () => {
  const body = new TextEncoder().encode('body')
  // printf 'acme\0body' | sha256sum
  expect(hexOf(envelopeId('acme', body, nodeCodec))).toBe('6cc5635678f2d26089ceb23acf81ef67')
  const others = [
    envelopeId('acm', body, nodeCodec),
    envelopeId('acme', body.subarray(1), nodeCodec),
  ]
  for (const other of others) expect(other).not.toEqual(envelopeId('acme', body, nodeCodec))
})

const golden = new URL('../../golden/compat/envelope-v1.bin', import.meta.url)
const goldenEnvelopes: readonly Envelope[] = [
  envelope,
  { ...envelope, encoding: 'gzip', spans: 0, body: { kind: 'inline', bytes: new Uint8Array() } },
  { ...envelope, receivedMs: 0, body: { kind: 'spill', key: spill('acme') } },
]
if (process.env.UPDATE_GOLDEN === '1') {
  writeFileSync(golden, joined(goldenEnvelopes.map(sealEnvelope)))
}

test('a message of version 1 opens as it always did (UPDATE_GOLDEN=1 writes a new one: never after a release)', () => {
  const message = new Uint8Array(readFileSync(golden))
  expect(openMessage(message)).toEqual({ envelopes: goldenEnvelopes, corrupt: [] })
})
