import { describe, expect, test } from 'vitest'
import { SpanlakeError } from '../../../src/errors.ts'
import { nestingDepthMax } from '../../../src/limits.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import type { AnyValue, Span } from '../../../src/span/span.ts'
import { spansOf } from './decoded.ts'

const idMembers = '"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"'

function bodyOf(members: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{${idMembers}${members && `,${members}`}}]}]}]}`
}

function read(text: string): Span[] {
  return spansOf(jsonToProtobuf(new TextEncoder().encode(text)))
}

function spanWith(members: string): Span {
  return read(bodyOf(members))[0]!
}

function attributeOf(value: string): AnyValue {
  return spanWith(`"attributes":[{"key":"k","value":${value}}]`).attributes[0]!.value
}

/** The message of a refusal, which must be of kind `invalid`. */
function refusalOf(text: string): string {
  try {
    read(text)
    return 'accepted'
  } catch (error) {
    if (error instanceof SpanlakeError && error.kind === 'invalid') return error.message
    throw error
  }
}

test('ids are hex in any case, in spans and links', () => {
  const span = spanWith(
    '"traceId":"5B8EFFF798038103D269b633813fc60C","parentSpanId":"EEE19B7EC3C1B173",' +
      `"links":[{"traceId":"${'aB'.repeat(16)}"}]`,
  )
  expect(Buffer.from(span.traceId).toString('hex')).toBe('5b8efff798038103d269b633813fc60c')
  expect(Buffer.from(span.parentSpanId!).toString('hex')).toBe('eee19b7ec3c1b173')
  expect(Buffer.from(span.links[0]!.traceId).toString('hex')).toBe('ab'.repeat(16))
})

test('ids of a wrong length pass as bytes, for the check to count', () => {
  for (const id of ['', '00', 'ab'.repeat(15), 'ab'.repeat(17)]) {
    expect(read(bodyOf(`"traceId":"${id}"`))).toEqual([])
  }
  expect(spanWith('"parentSpanId":"abcd"').parentSpanId).toBeUndefined()
})

test('ids that are no hex are refused by name', () => {
  expect(refusalOf(bodyOf('"spanId":"abc"'))).toBe(
    'otlp json spanId must be hex digits, two a byte, got "abc"',
  )
  expect(refusalOf(bodyOf('"parentSpanId":"W47/95gDgQM="'))).toMatch(/^otlp json parentSpanId/)
})

test('enums are numbers; names are understood', () => {
  expect(spanWith('"kind":3').kind).toBe(3)
  expect(spanWith('"kind":"SPAN_KIND_CONSUMER"').kind).toBe(5)
  expect(spanWith('"kind":99').kind).toBe(99)
  expect(spanWith('"status":{"code":"STATUS_CODE_ERROR"}').statusCode).toBe(2)
  expect(refusalOf(bodyOf('"kind":"SPAN_KIND_OTHER"'))).toMatch(/must be a known name/)
  expect(refusalOf(bodyOf('"kind":"server"'))).toMatch(/must be an integer/)
})

test('unknown and snake_case keys are ignored, __proto__ among them', () => {
  const span = spanWith(
    '"span_id":"00","trace_state":"x","start_time_unix_nano":"5","__proto__":{"name":"p"},' +
      '"constructor":1,"future":{"deep":[{}]},"name":"own"',
  )
  expect(span).toMatchObject({ name: 'own', traceState: '', startNs: 0n })
  expect(read('{"resource_spans":[{}],"other":[1]}')).toEqual([])
})

test('null is absent, everywhere', () => {
  const span = spanWith(
    '"name":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"events":null,' +
      '"status":null,"flags":null,"parentSpanId":null,"droppedLinksCount":null',
  )
  expect(span).toMatchObject({ name: '', kind: 0, startNs: 0n, attributes: [], flags: 0 })
  expect(read('{"resourceSpans":null}')).toEqual([])
  expect(read('{"resourceSpans":[{"resource":null,"scopeSpans":null}]}')).toEqual([])
  expect(attributeOf('null')).toEqual({ kind: 'empty' })
  expect(attributeOf('{"stringValue":null,"intValue":1}')).toEqual({ kind: 'int', value: 1n })
  expect(attributeOf('{"arrayValue":{"values":[null]}}')).toEqual({
    kind: 'array',
    values: [{ kind: 'empty' }],
  })
})

test('an attribute without a value, or without a key, is there', () => {
  expect(spanWith('"attributes":[{"key":"k"}]').attributes).toEqual([
    { key: 'k', value: { kind: 'empty' } },
  ])
  expect(spanWith('"attributes":[{"value":{"boolValue":true}}]').attributes).toEqual([
    { key: '', value: { kind: 'bool', value: true } },
  ])
})

describe('64-bit integers', () => {
  test.each([
    ['"1763640000123456789"', 1763640000123456789n],
    ['1763640000123456789', 1763640000123456789n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['"18446744073709551615"', 2n ** 64n - 1n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['1763640000123', 1763640000123n],
    ['1.763640000123456789e18', 1763640000123456789n],
    ['1763640000123456789.0', 1763640000123456789n],
    ['176364000012345678900E-2', 1763640000123456789n],
    ['1.5e3', 1500n],
    ['-0', 0n],
  ])('a time given as %s', (text, ns) => {
    expect(spanWith(`"startTimeUnixNano":${text}`).startNs).toBe(ns)
    expect(spanWith(`"startTimeUnixNano" :\n ${text} `).startNs).toBe(ns)
  })

  test.each([
    ['-9223372036854775808', -(2n ** 63n)],
    ['"-9223372036854775808"', -(2n ** 63n)],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9007199254740993', -(2n ** 53n) - 1n],
  ])('an attribute given as %s', (text, value) => {
    expect(attributeOf(`{"intValue":${text}}`)).toEqual({ kind: 'int', value })
  })

  test.each([
    '9223372036854775808',
    '-9223372036854775809',
    '1e30',
    '1.5',
    '""',
    '"1.0"',
    '"0x10"',
  ])('%s is refused', (text) => {
    expect(refusalOf(bodyOf(`"attributes":[{"value":{"intValue":${text}}}]`))).toMatch(
      /^otlp json intValue must be an integer from -9223372036854775808 to 9223372036854775807/,
    )
  })

  test('digits are no text and no id, however many', () => {
    const digits = '1'.repeat(20)
    for (const name of ['name', 'spanId', 'traceId', 'traceState']) {
      expect(refusalOf(bodyOf(`"${name}":${digits}`))).toBe(
        `otlp json ${name} must be a string, got ${digits}`,
      )
    }
  })
})

describe('doubles', () => {
  test.each([
    ['0.1', 0.1],
    ['1', 1],
    ['1e300', 1e300],
    ['-1.5E-7', -1.5e-7],
    ['12345678901234567890', 12345678901234567000],
    ['"NaN"', Number.NaN],
    ['"Infinity"', Number.POSITIVE_INFINITY],
    ['"-Infinity"', Number.NEGATIVE_INFINITY],
    ['"1.25"', 1.25],
    ['-0', -0],
    ['"-0"', -0],
  ])('%s', (text, value) => {
    expect(attributeOf(`{"doubleValue":${text}}`)).toEqual({ kind: 'double', value })
  })

  test.each(['1e999', '"much"', '""', 'true', '" 1"'])('%s is refused', (text) => {
    expect(refusalOf(bodyOf(`"attributes":[{"value":{"doubleValue":${text}}}]`))).toMatch(
      /^otlp json doubleValue must be a number/,
    )
  })
})

test('bytes are base64, standard or url-safe, padded or not', () => {
  for (const text of ['++//AQ==', '++//AQ', '--__AQ==', '--__AQ', '-+_/AQ']) {
    expect(attributeOf(`{"bytesValue":"${text}"}`)).toEqual({
      kind: 'bytes',
      value: Uint8Array.of(0xfb, 0xef, 0xff, 0x01),
    })
  }
  expect(attributeOf('{"bytesValue":""}')).toEqual({ kind: 'bytes', value: new Uint8Array(0) })
  for (const text of ['A', 'AB=C', '====', 'A B=', 'AAAAA']) {
    expect(refusalOf(bodyOf(`"attributes":[{"value":{"bytesValue":"${text}"}}]`))).toMatch(/base64/)
  }
})

test('text may hold escapes, a lone surrogate is mended', () => {
  expect(spanWith('"name":"\\u0000\\n\\ud83e\\udd8a"').name).toBe('\0\n🦊')
  expect(spanWith('"name":"a\\ud800b"').name).toBe('a\ufffdb')
})

test('a byte order mark in front is passed over', () => {
  expect(read(`\ufeff${bodyOf('"name":"n"')}`)[0]!.name).toBe('n')
})

test('values nest as deep as in protobuf and no deeper', () => {
  const nested = (depth: number) =>
    ['{"arrayValue":{"values":['.repeat(depth), '{"intValue":1}', ']}}'.repeat(depth)].join('')
  const body = (depth: number) => bodyOf(`"attributes":[{"value":${nested(depth)}}]`)
  expect(refusalOf(body(nestingDepthMax))).toBe('accepted')
  expect(refusalOf(body(nestingDepthMax + 1))).toMatch(/^otlp nesting must be at most 64 deep/)
})

test('a refusal shows no more of a value than fits', () => {
  const text = 'x'.repeat(100_000)
  expect(refusalOf(bodyOf(`"spanId":"${text}"`)).length).toBeLessThan(200)
  const deep = '['.repeat(300) + ']'.repeat(300)
  expect(refusalOf(bodyOf(`"spanId":${deep}`))).toBe(
    'otlp json spanId must be a string, got an array',
  )
  expect(refusalOf(bodyOf(`"spanId":${deep},"startTimeUnixNano":1763640000123456789`))).toMatch(
    /^otlp json/,
  )
})

test('what is no json is refused, and so is what is not utf-8', () => {
  expect(refusalOf('{"resourceSpans":')).toMatch(/^otlp json must be valid: /)
  expect(() => jsonToProtobuf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(
    /^otlp json must be valid: /,
  )
})
