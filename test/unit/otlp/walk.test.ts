import { describe, expect, test } from 'vitest'
import { kindOf } from '../../../src/errors.ts'
import { nestingDepthMax } from '../../../src/limits.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import type { AnyValue } from '../../../src/span/span.ts'
import { spansOf } from './decoded.ts'
import {
  arrayValue,
  boolValue,
  field,
  fixed64Field,
  ids,
  intValue,
  join,
  keyValue,
  mapValue,
  type Part,
  request,
  spanId,
  stringValue,
  traceId,
  varint,
  varintField,
} from './wire.ts'

/** What the door says of a body, which the press must say too. */
function verdictOf(body: Uint8Array): string {
  const verdicts = [() => checkRequest(body).spans, () => spansOf(body).length].map((read) => {
    try {
      return read()
    } catch (error) {
      return `${kindOf(error)}: ${(error as Error).message}`
    }
  })
  expect(verdicts[0]).toEqual(verdicts[1])
  return String(verdicts[0])
}

const attribute = (value: Part) => field(9, keyValue('k', value))
const valueIn = (body: Uint8Array) => spansOf(body)[0]!.attributes[0]!.value

describe('fields stand in any order', () => {
  test('resource, scope and schema urls behind the spans', () => {
    const spans = field(2, ids, field(5, 'late'))
    const scope = field(1, field(1, 'lib'), field(2, '1.2'), field(3, keyValue('k', intValue(1))))
    const resource = field(1, field(1, keyValue('service.name', stringValue('cart'))), [0x10, 3])
    const inScope = field(2, spans, field(3, 'scope url'), scope)
    const [span] = spansOf(field(1, field(3, 'resource url'), inScope, resource))
    expect(span).toMatchObject({
      name: 'late',
      resource: { schemaUrl: 'resource url', droppedAttributesCount: 3 },
      scope: { name: 'lib', version: '1.2', schemaUrl: 'scope url' },
    })
    expect(span!.resource.attributes).toHaveLength(1)
    expect(span!.scope.attributes).toHaveLength(1)
  })

  test('ids behind attributes, values before keys, event fields behind their attributes', () => {
    const backwards = join(field(2, intValue(7)), field(1, 'k'))
    const event = field(11, field(3, backwards), field(2, 'e'), fixed64Field(1, 5n))
    const span = field(2, field(9, backwards), event, ids)
    const [read] = spansOf(field(1, field(2, span)))
    const attributes = [{ key: 'k', value: { kind: 'int', value: 7n } }]
    expect(read!.attributes).toEqual(attributes)
    expect(read!.events).toEqual([{ timeNs: 5n, name: 'e', attributes, droppedAttributesCount: 0 }])
  })
})

describe('fields that stand twice', () => {
  test('of a scalar the last counts', () => {
    const [span] = spansOf(request(join(field(5, 'a'), field(5, 'b'), [0x30, 1], [0x30, 2])))
    expect(span).toMatchObject({ name: 'b', kind: 2 })
  })

  test('resource, scope and status merge', () => {
    const status = join(field(15, field(2, 'why')), field(15, [0x18, 2]))
    const scope = join(field(1, field(1, 'lib'), field(2, 'old')), field(1, field(2, 'new')))
    const some = (key: string, value: number) => field(1, keyValue(key, intValue(value)))
    const resource = join(field(1, some('a', 1), some('b', 2)), field(1, some('b', 3)), field(1))
    const [span] = spansOf(field(1, resource, field(2, scope, field(2, ids, status))))
    expect(span).toMatchObject({ statusCode: 2, statusMessage: 'why' })
    expect(span!.scope).toMatchObject({ name: 'lib', version: 'new' })
    expect(span!.resource.attributes).toEqual([
      { key: 'a', value: { kind: 'int', value: 1n } },
      { key: 'b', value: { kind: 'int', value: 3n } },
    ])
  })

  test('a broken second resource is met', () => {
    const body = field(1, field(1), field(1, [0x0a, 0x05]), field(2, field(2, ids)))
    expect(verdictOf(body)).toMatch(/^invalid: otlp field reaches past the end/)
  })

  test('of the members of a value the last counts', () => {
    const last = (...members: Part[]) => valueIn(request(attribute(join(...members))))
    expect(last(stringValue('a'), intValue(1))).toEqual({ kind: 'int', value: 1n })
    expect(last(intValue(1), stringValue('a'))).toEqual({ kind: 'string', value: 'a' })
    expect(last(arrayValue(intValue(1)), boolValue(1))).toEqual({ kind: 'bool', value: true })
    expect(last(intValue(1), arrayValue(intValue(2)))).toEqual({
      kind: 'array',
      values: [{ kind: 'int', value: 2n }],
    })
  })
})

describe('what is unknown is passed over', () => {
  const unknown = join(
    varintField(900, 2n ** 64n - 1n),
    fixed64Field(901, 7n),
    field(902, 'text'),
    join(varint(903 * 8 + 5), [1, 2, 3, 4]),
    join(varint(904 * 8 + 3), field(1, 'in a group'), varint(904 * 8 + 4)),
  )
  const resource = field(1, field(1, keyValue('k', intValue(1)), unknown), unknown)
  const event = field(11, field(2, 'e'), unknown)
  const link = field(13, field(3, 's'), unknown)
  const value = join(intValue(1), unknown)
  const pair = field(9, field(1, 'k'), field(2, value), unknown)
  const status = field(15, unknown, field(2, 'm'))
  const span = field(2, unknown, ids, pair, event, link, status, unknown)
  const scope = field(1, unknown, field(1, 'lib'))
  const body = join(unknown, field(1, unknown, resource, field(2, scope, unknown, span)))

  test('unknown fields of every wire type, in every message', () => {
    const [read] = spansOf(body)
    expect(verdictOf(body)).toBe('1')
    expect(read).toMatchObject({ statusMessage: 'm', scope: { name: 'lib' } })
    expect(read!.attributes).toEqual([{ key: 'k', value: { kind: 'int', value: 1n } }])
    expect(read!.events[0]!.name).toBe('e')
    expect(read!.links[0]!.traceState).toBe('s')
  })

  test('known fields of another wire type', () => {
    const odd = join(varintField(5, 1), field(6, 'kind'), varintField(7, 1), varintField(9, 1))
    expect(spansOf(request(odd))[0]).toMatchObject({ name: '', kind: 0, startNs: 0n })
  })

  test('string indexes of profiles are absent, and warned of', () => {
    const body = request(join(field(9, varintField(3, 4), field(2, varintField(8, 5)))))
    expect(spansOf(body)[0]!.attributes).toEqual([{ key: '', value: { kind: 'empty' } }])
    expect([...checkRequest(body).warnings]).toEqual([
      ['string index of profiles must not be in a span, read as absent', 2],
    ])
  })
})

describe('numbers', () => {
  test('integers keep all 64 bits', () => {
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 32n]) {
      expect(valueIn(request(attribute(intValue(value))))).toEqual({ kind: 'int', value })
    }
    const [span] = spansOf(
      request(join(fixed64Field(7, 2n ** 64n - 1n), fixed64Field(8, 2n ** 63n))),
    )
    expect(span).toMatchObject({ startNs: 2n ** 64n - 1n, endNs: 2n ** 63n })
  })

  test('a bool is true for any number but 0', () => {
    for (const number of [1n, 2n, 2n ** 32n, 2n ** 63n]) {
      expect(valueIn(request(attribute(varintField(2, number))))).toMatchObject({ value: true })
    }
    expect(valueIn(request(attribute(varintField(2, 0))))).toMatchObject({ value: false })
  })

  test('a number may be spelt in ten bytes and not in eleven', () => {
    const long = (bytes: number) => [...Array.from({ length: bytes - 1 }, () => 0x80), 0]
    expect(verdictOf(request(join([0x30], long(10))))).toBe('1')
    expect(verdictOf(request(join([0x30], long(11))))).toMatch(/^invalid: .*at most 10 bytes/)
  })

  test('a tag spelt in more bytes than it needs is the same tag', () => {
    expect(spansOf(request(join([0xaa, 0x00], [1], 'x')))[0]!.name).toBe('x')
  })
})

describe('what is broken is refused', () => {
  const whole = request(join(field(5, 'name'), attribute(intValue(300)), fixed64Field(7, 1n)))
  test('a body cut anywhere within its one message', () => {
    for (let length = 1; length < whole.length; length++) {
      expect(verdictOf(whole.subarray(0, length))).toMatch(/^invalid: otlp/)
    }
    expect(verdictOf(whole)).toBe('1')
    expect(verdictOf(new Uint8Array(0))).toBe('0')
  })

  test.each([
    ['field number 0', [0x02, 0x00]],
    ['wire type 6', [0x0e]],
    ['wire type 7', [0x0f]],
    ['the end of a group that never began', [0x0c]],
    ['a group that ends as another', [0x0b, 0x14]],
    ['a group that does not end', [0x0b, 0x10, 0x01]],
    ['a tag of more than 32 bits', [0x8a, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00]],
    ['a length of more than 32 bits', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a fixed32 of three bytes', [0x0d, 1, 2, 3]],
    ['a fixed64 of seven bytes', [0x09, 1, 2, 3, 4, 5, 6, 7]],
  ])('%s', (_what, bytes) => {
    expect(verdictOf(Uint8Array.from(bytes))).toMatch(/^invalid: otlp/)
    expect(verdictOf(request(bytes))).toMatch(/^invalid: otlp/)
    expect(verdictOf(request(attribute(bytes)))).toMatch(/^invalid: otlp/)
  })

  test('also within spans that are invalid by their ids', () => {
    const noIds = field(2, field(9, field(2, [0x0e])))
    expect(verdictOf(field(1, field(2, noIds)))).toMatch(/^invalid: otlp wire type/)
  })
})

describe('nesting', () => {
  const nested = (depth: number, wrap: (value: Part) => Uint8Array) => {
    let value: Uint8Array = intValue(1)
    for (let i = 0; i < depth; i++) value = wrap(value)
    return value
  }
  const innerOf = (value: AnyValue): AnyValue => {
    if (value.kind === 'map') return value.entries[0]!.value
    if (value.kind === 'array') return value.values[0]!
    throw new Error(`value must have another in it, got ${value.kind}`)
  }
  const inMap = (value: Part) => mapValue(keyValue('k', value))

  test.each([
    ['arrays', arrayValue],
    ['maps', inMap],
  ] as const)('%s at the bound pass and come back whole', (_what, wrap) => {
    const body = request(attribute(nested(nestingDepthMax, wrap)))
    expect(verdictOf(body)).toBe('1')
    let value = valueIn(body)
    for (let i = 0; i < nestingDepthMax; i++) value = innerOf(value)
    expect(value).toEqual({ kind: 'int', value: 1n })
  })

  test.each([
    ['arrays', arrayValue],
    ['maps', inMap],
  ] as const)('%s one deeper are refused, wherever they stand', (_what, wrap) => {
    const pair = keyValue('k', nested(nestingDepthMax + 1, wrap))
    const places = [
      request(field(9, pair)),
      request(field(11, field(3, pair))),
      request(field(13, field(4, pair))),
      field(1, field(1, field(1, pair))),
      field(1, field(2, field(1, field(3, pair)))),
    ]
    for (const body of places) expect(verdictOf(body)).toMatch(/^invalid: otlp nesting/)
  })

  test('groups within groups are bounded too', () => {
    const groups = (depth: number) => {
      const body = new Uint8Array(2 * depth).fill(0x0b)
      return body.fill(0x0c, depth)
    }
    expect(verdictOf(groups(nestingDepthMax))).toBe('0')
    expect(verdictOf(groups(nestingDepthMax + 1))).toMatch(/^invalid: otlp nesting/)
    expect(verdictOf(groups(100_000))).toMatch(/^invalid: otlp nesting/)
  })
})

describe('ids', () => {
  const bytes = (length: number) => new Uint8Array(length).fill(7)
  const zero = (length: number) => new Uint8Array(length)
  const trace = 'trace id must be 16 bytes and not all zero'
  const span = 'span id must be 8 bytes and not all zero'

  test.each([
    [trace, bytes(15), spanId],
    [trace, bytes(17), spanId],
    [trace, zero(16), spanId],
    [trace, zero(0), spanId],
    [span, traceId, bytes(7)],
    [span, traceId, bytes(9)],
    [span, traceId, zero(8)],
    [span, traceId, zero(0)],
    [trace, zero(16), zero(8)],
  ])('%s', (reason, ofTrace, ofSpan) => {
    const bad = field(2, field(1, ofTrace), field(2, ofSpan))
    const body = field(1, field(2, bad, field(2, ids), bad))
    const { spans, invalidSpans, reasons } = checkRequest(body)
    expect({ spans, invalidSpans, reasons: [...reasons] }).toEqual({
      spans: 3,
      invalidSpans: 2,
      reasons: [[reason, 2]],
    })
    expect(spansOf(body)).toHaveLength(1)
  })

  test('a parent of a wrong length is absent and warned of; none and all zero are only absent', () => {
    const parents = [bytes(8), bytes(7), bytes(9), zero(8), zero(0)]
    const body = request(...parents.map((parent) => field(4, parent)))
    expect(spansOf(body).map(({ parentSpanId }) => parentSpanId)).toEqual([
      bytes(8),
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    const { invalidSpans, reasons, warnings } = checkRequest(body)
    expect([...warnings]).toEqual([['parent span id must be 8 bytes, read as absent', 2]])
    expect({ invalidSpans, reasons: reasons.size }).toEqual({ invalidSpans: 0, reasons: 0 })
  })

  test('ids of links come as they are, and as zero when they have another length', () => {
    const link = (ofTrace: Uint8Array, ofSpan: Uint8Array) =>
      field(13, field(1, ofTrace), field(2, ofSpan))
    const body = request(join(link(bytes(16), bytes(8)), link(bytes(15), bytes(9))))
    const { links } = spansOf(body)[0]!
    expect(links.map((each) => [each.traceId, each.spanId])).toEqual([
      [bytes(16), bytes(8)],
      [zero(16), zero(8)],
    ])
  })
})

// Merged one by one, this copies half a million times half a megabyte, and the test does not end.
test('any number of resources in one message merge in one go', () => {
  const large = field(1, field(1, keyValue('k', stringValue('v'.repeat(500_000)))))
  const empty = new Uint8Array(1_000_000)
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x0a
  expect(verdictOf(field(1, large, empty, field(2, field(2, ids))))).toBe('1')
})

describe('a key and a string, the shape that has a short way', () => {
  test.each([
    [1, 0],
    [127, 125],
    [128, 125],
    [127, 126],
    [127, 127],
    [127, 128],
    [0, 5],
  ])('a key of %i bytes, a string of %i', (keyBytes, stringBytes) => {
    const [key, text] = ['k'.repeat(keyBytes), 's'.repeat(stringBytes)]
    const [span] = spansOf(request(field(9, keyValue(key, stringValue(text)))))
    expect(span!.attributes).toEqual([{ key, value: { kind: 'string', value: text } }])
  })

  test('what stands behind the string counts', () => {
    const twice = join(field(1, 'k'), field(2, stringValue('first')), field(2, stringValue('last')))
    expect(valueIn(request(field(9, twice)))).toEqual({ kind: 'string', value: 'last' })
    const within = join(field(1, 'k'), field(2, stringValue('first'), intValue(7)))
    expect(valueIn(request(field(9, within)))).toEqual({ kind: 'int', value: 7n })
    const key = join(field(1, 'k'), field(2, stringValue('v')), field(1, 'other'))
    expect(spansOf(request(field(9, key)))[0]!.attributes[0]!.key).toBe('other')
  })

  test('a length past the end is refused', () => {
    const body = request(field(9, keyValue('k', stringValue('value'))))
    const at = body.length - 6
    expect(body[at]).toBe(5)
    body[at] = 6
    expect(verdictOf(body)).toContain('past the end')
  })
})
