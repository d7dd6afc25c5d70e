import { describe, expect, test } from 'vitest'
import { responseMessageCharsMax } from '../../../src/limits.ts'
import { exportResponse, statusResponse } from '../../../src/otlp/response.ts'
import { decodeResponse, decodeStatus, parseStatus } from '../../helpers/otlp-protobuf.ts'

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('an export response', () => {
  test('is empty on full success', () => {
    expect(exportResponse(0, '', 'protobuf')).toHaveLength(0)
    expect(textOf(exportResponse(0, '', 'json'))).toBe('{}')
  })

  test('has the count and the message of a partial success', () => {
    expect(decodeResponse(exportResponse(3_000_000_000, 'why', 'protobuf'))).toEqual({
      partialSuccess: { rejectedSpans: '3000000000', errorMessage: 'why' },
    })
    expect(textOf(exportResponse(3, 'why', 'json'))).toBe(
      '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"why"}}',
    )
  })

  test('has a warning with no span rejected', () => {
    expect(decodeResponse(exportResponse(0, 'mended', 'protobuf'))).toMatchObject({
      partialSuccess: { errorMessage: 'mended' },
    })
    expect(textOf(exportResponse(0, 'mended', 'json'))).toContain('"rejectedSpans":"0"')
  })
})

describe('a status', () => {
  const violations = [
    { field: 'resource_spans', description: 'trace id must be 16 bytes' },
    { field: '', description: '' },
  ]

  test.each(['protobuf', 'json'] as const)('as %s has code, message and violations', (type) => {
    const read = type === 'json' ? parseStatus : decodeStatus
    const status = { code: 3, message: 'otlp body is cut short' }
    expect(read(statusResponse(3, status.message, type))).toEqual({ ...status, violations: [] })
    const [first] = violations
    expect(read(statusResponse(3, status.message, type, [first!]))).toEqual({
      ...status,
      violations: [first],
    })
  })

  test.each(['protobuf', 'json'] as const)('as %s has its message cut at the bound', (type) => {
    const read = type === 'json' ? parseStatus : decodeStatus
    const messageOf = (length: number) => read(statusResponse(3, 'x'.repeat(length), type)).message
    expect(messageOf(responseMessageCharsMax)).toBe('x'.repeat(responseMessageCharsMax))
    expect(messageOf(responseMessageCharsMax + 1)).toBe(
      `${'x'.repeat(responseMessageCharsMax - 1)}…`,
    )
  })
})
