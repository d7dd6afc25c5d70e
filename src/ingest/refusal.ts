import { type ErrorKind, kindOf, messageOf } from '../errors.ts'
import { UnsupportedFormat } from './body-format.ts'

/** An answer that is not 200, as google.rpc.Status has it: HTTP status, google.rpc.Code, message. */
export interface Refusal {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** google.rpc.Code INVALID_ARGUMENT. */
export const codeInvalid = 3

const retryAfterSeconds = '5'

/** HTTP status and google.rpc.Code of each kind; clients retry 429 and 503 and nothing else of these. */
const statuses: Readonly<Record<ErrorKind, readonly [status: number, code: number]>> = {
  invalid: [400, codeInvalid],
  unauthenticated: [401, 16],
  forbidden: [403, 7],
  'too-large': [413, 8],
  throttled: [429, 8],
  unavailable: [503, 14],
  corrupt: [503, 14],
  internal: [500, 13],
}

/** What a client is told of an error. Nothing of ours that it cannot act on: a bug has no message outside the log. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof UnsupportedFormat) {
    return { status: 415, code: codeInvalid, message: error.message }
  }
  const kind = kindOf(error)
  const [status, code] = statuses[kind]
  const message = kind === 'internal' ? 'internal error' : messageOf(error)
  return { status, code, message, headers: headersOf(kind, error) }
}

function headersOf(kind: ErrorKind, error: unknown): Record<string, string> {
  if (kind === 'unauthenticated') return { 'www-authenticate': 'Bearer' }
  if (kind === 'unavailable' || kind === 'corrupt') return { 'retry-after': retryAfterSeconds }
  if (kind !== 'throttled') return {}
  const { retryAfterSeconds: seconds } = (error as Error).cause as { retryAfterSeconds: number }
  return { 'retry-after': String(seconds) }
}
