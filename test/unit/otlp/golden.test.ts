import { describe, expect, test } from 'vitest'
import { kindOf } from '../../../src/errors.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import { batchOf, normal, spansOf } from './decoded.ts'
import { goldenFiles } from './golden-files.ts'
import { decodeByOracle, encodeMessage } from './oracle.ts'

/** OTLP/JSON with its hex ids as the base64 that protobufjs reads in bytes. */
function withBase64Ids(text: string): Record<string, unknown> {
  return JSON.parse(text, (key, value) =>
    /^(trace|span|parentSpan)Id$/.test(key) ? Buffer.from(value, 'hex').toString('base64') : value,
  )
}

const json = goldenFiles('otlp', '.json')
const protobuf = goldenFiles('otlp', '.pb')

test('every fixture is there in both encodings', () => {
  const stems = (files: typeof json) => files.map(({ name }) => name.replace(/\.\w+$/, ''))
  expect(stems(json)).toEqual(['every-kind', 'two-services'])
  expect(stems(protobuf)).toEqual(stems(json))
})

describe.each(json.map((file, i) => ({ ...file, binary: protobuf[i]!.bytes })))(
  '$name',
  ({ bytes, binary }) => {
    test('is what protobufjs makes of the other encoding', () => {
      const message = withBase64Ids(new TextDecoder().decode(bytes))
      expect(Buffer.from(encodeMessage(message)).equals(binary)).toBe(true)
    })

    test('decodes to the same batch in both encodings', () => {
      expect(batchOf(jsonToProtobuf(bytes))).toEqual(batchOf(binary))
      expect(checkRequest(jsonToProtobuf(bytes))).toEqual(checkRequest(binary))
    })

    test('decodes to what protobufjs reads, but for spans without ids', () => {
      const valid = decodeByOracle(binary).filter(({ traceId, spanId }) =>
        [traceId, spanId].every((id) => id.some((byte) => byte !== 0)),
      )
      expect(valid.length).toBeGreaterThan(0)
      expect(normal(spansOf(binary))).toEqual(normal(valid))
    })
  },
)

test('two-services has its invalid spans counted', () => {
  const { spans, invalidSpans, reasons } = checkRequest(protobuf[1]!.bytes)
  expect({ spans, invalidSpans, reasons: [...reasons.values()] }).toEqual({
    spans: 4,
    invalidSpans: 2,
    reasons: [1, 1],
  })
})

function refusalOf(read: () => unknown): string {
  try {
    read()
    return 'accepted'
  } catch (error) {
    return kindOf(error)
  }
}

test.each(goldenFiles('otlp-invalid', '.pb'))(
  '$name is refused by check and decoder',
  ({ bytes }) => {
    expect(refusalOf(() => checkRequest(bytes))).toBe('invalid')
    expect(refusalOf(() => batchOf(bytes))).toBe('invalid')
  },
)

test.each(goldenFiles('otlp-invalid', '.json'))('$name is refused', ({ bytes }) => {
  // What is well-formed JSON but no request is refused in its protobuf form, before anything is kept.
  expect(refusalOf(() => checkRequest(jsonToProtobuf(bytes)))).toBe('invalid')
  expect(refusalOf(() => batchOf(jsonToProtobuf(bytes)))).toBe('invalid')
})

test('the invalid corpus is there', () => {
  expect(goldenFiles('otlp-invalid', '.pb').length).toBeGreaterThan(10)
  expect(goldenFiles('otlp-invalid', '.json').length).toBeGreaterThan(10)
})
