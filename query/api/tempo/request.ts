import type { Context } from 'hono'
import { parseTraceId } from '../../../src/span/trace-id.ts'

/**
 * The trace asked for. `start` and `end` are hints for stores that need them; here a trace is found at any age, and a
 * hint must not hide it. Throws kind `invalid`.
 */
export function parseTraceRequest(c: Context): Uint8Array {
  return parseTraceId(c.req.param('id') ?? '')
}

/** Tempo looks for the type anywhere in `Accept`. */
export function wantsProtobuf(c: Context): boolean {
  return (c.req.header('accept') ?? '').includes('application/protobuf')
}
