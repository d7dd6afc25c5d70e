import { responseMessageCharsMax } from '../limits.ts'
import { WireWriter } from './wire-writer.ts'

/** Which encoding an answer has: that of its request. */
export type MediaType = 'protobuf' | 'json'

export const mediaTypes: Readonly<Record<MediaType, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

// trace_service.proto, google/rpc/status.proto, google/rpc/error_details.proto
const partialSuccessTag = 0x0a
const rejectedSpansTag = 0x08
const errorMessageTag = 0x12
const statusCodeTag = 0x08
const statusMessageTag = 0x12
const statusDetailsTag = 0x1a
const anyTypeTag = 0x0a
const anyValueTag = 0x12
const fieldViolationsTag = 0x0a
const violationFieldTag = 0x0a
const violationTextTag = 0x12
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest'

const encoder = new TextEncoder()

/** An ExportTraceServiceResponse: empty on full success, else partial success with a count, a message, or both. */
export function exportResponse(
  rejectedSpans: number,
  message: string,
  type: MediaType,
): Uint8Array {
  const errorMessage = cut(message)
  const full = rejectedSpans === 0 && errorMessage === ''
  if (type === 'json') {
    if (full) return encoder.encode('{}')
    const partialSuccess = { rejectedSpans: String(rejectedSpans), errorMessage }
    return encoder.encode(JSON.stringify({ partialSuccess }))
  }
  const writer = new WireWriter(256)
  if (full) return writer.finish()
  const start = writer.open(partialSuccessTag)
  writer.number(rejectedSpansTag, rejectedSpans)
  writer.text(errorMessageTag, errorMessage)
  writer.close(start)
  return writer.finish()
}

/** One thing wrong with a request. */
export interface FieldViolation {
  readonly field: string
  readonly description: string
}

/** A google.rpc.Status, with a BadRequest among its details when violations are given. */
export function statusResponse(
  code: number,
  message: string,
  type: MediaType,
  violations: readonly FieldViolation[] = [],
): Uint8Array {
  if (type === 'json') {
    const details =
      violations.length > 0 ? [{ '@type': badRequestType, fieldViolations: violations }] : []
    const status = { code, message: cut(message), ...(details.length > 0 ? { details } : {}) }
    return encoder.encode(JSON.stringify(status))
  }
  const writer = new WireWriter(256)
  writer.number(statusCodeTag, code)
  writer.text(statusMessageTag, cut(message))
  if (violations.length > 0) {
    const details = writer.open(statusDetailsTag)
    writer.text(anyTypeTag, badRequestType)
    const value = writer.open(anyValueTag)
    for (const { field, description } of violations) {
      const violation = writer.open(fieldViolationsTag)
      writer.text(violationFieldTag, field)
      writer.text(violationTextTag, cut(description))
      writer.close(violation)
    }
    writer.close(value)
    writer.close(details)
  }
  return writer.finish()
}

function cut(message: string): string {
  if (message.length <= responseMessageCharsMax) return message
  return `${message.slice(0, responseMessageCharsMax - 1)}…`
}
