import { SpanlakeError } from '../../../src/errors.ts'
import { traceListMax } from '../../../src/limits.ts'
import type { ListTracesOptions } from '../../../src/lookup/list-traces.ts'

const limitDefault = 20

/** `limit`, `after`, `start`, `end` of a trace list. Throws kind `invalid`. */
export function parseListRequest(query: (name: string) => string | undefined): ListTracesOptions {
  const fromNs = parseTime('start', query('start'))
  const toNs = parseTime('end', query('end'))
  if (fromNs !== undefined && toNs !== undefined && toNs <= fromNs) {
    throw new SpanlakeError('invalid', `end must be after start, got ${toNs} ns`)
  }
  const after = query('after')
  return {
    limit: parseLimit(query('limit')),
    ...(after === undefined ? {} : { after }),
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
  }
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return limitDefault
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= traceListMax) return limit
  const shown = text.slice(0, 20)
  throw new SpanlakeError('invalid', `limit must be from 1 to ${traceListMax}, got ${shown}`)
}

/** Nanoseconds since 1970, from unix seconds (up to 10 digits) or nanoseconds (more). */
function parseTime(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return BigInt(text) * 1_000_000_000n
  if (/^\d{11,19}$/.test(text)) return BigInt(text)
  const shown = text.slice(0, 40)
  throw new SpanlakeError('invalid', `${name} must be unix seconds or nanoseconds, got ${shown}`)
}
