import { type ErrorKind, kindOf, messageOf } from '../errors.ts'

/** An answer that is not 200, as google.rpc.Status has it: HTTP status, google.rpc.Code, message. */
export interface Refusal {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A refusal that only HTTP has a word for (405, 408, 415) or that carries headers of its own (429): a kind of error says
 * no more than what its catcher does about it.
 */
export class RefusedRequest extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.name = 'RefusedRequest'
    this.refusal = refusal
  }
}

// google/rpc/code.proto
export const codeInvalidArgument = 3
export const codeDeadlineExceeded = 4
export const codeNotFound = 5
const codePermissionDenied = 7
const codeResourceExhausted = 8
export const codeUnimplemented = 12
const codeInternal = 13
const codeUnavailable = 14
const codeUnauthenticated = 16

/** What a client does with a 503 that it got: most SDKs double their wait from here. */
const unavailableHeaders = { 'retry-after': '5' }

/** Clients retry 429 and 503 and nothing else of these: whatever may pass by itself must be one of the two. */
const answers: Readonly<Record<ErrorKind, Omit<Refusal, 'message'>>> = {
  invalid: { status: 400, code: codeInvalidArgument },
  unauthenticated: {
    status: 401,
    code: codeUnauthenticated,
    headers: { 'www-authenticate': 'Bearer' },
  },
  forbidden: { status: 403, code: codePermissionDenied },
  'too-large': { status: 413, code: codeResourceExhausted },
  throttled: { status: 429, code: codeResourceExhausted, headers: { 'retry-after': '1' } },
  unavailable: { status: 503, code: codeUnavailable, headers: unavailableHeaders },
  corrupt: { status: 503, code: codeUnavailable, headers: unavailableHeaders },
  internal: { status: 500, code: codeInternal },
}

/** What a client is told of an error. A bug has no message outside the log: it may hold anything. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedRequest) return error.refusal
  const kind = kindOf(error)
  const message = kind === 'internal' ? 'internal error' : messageOf(error)
  return { ...answers[kind], message }
}

/** A tenant or token over its rate. */
export function throttled(waitSeconds: number, message: string): RefusedRequest {
  const headers = { 'retry-after': String(waitSeconds) }
  return new RefusedRequest({ ...answers.throttled, headers, message })
}
