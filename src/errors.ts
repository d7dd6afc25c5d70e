/**
 * What the caller does about it: `invalid` fix the request, `unauthenticated` present a token, `forbidden` ask for
 * another one, `too-large` split it, `throttled` slow down, `unavailable` retry later, `corrupt` call an operator,
 * `internal` report a bug.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'too-large'
  | 'throttled'
  | 'unavailable'
  | 'corrupt'
  | 'internal'

/** Everything this project throws on purpose. Messages are lower case, subject first, value last. */
export class SpanlakeError extends Error {
  readonly kind: ErrorKind

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SpanlakeError'
    this.kind = kind
  }
}

/** The kind of anything thrown: what is not ours is a bug until shown otherwise. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof SpanlakeError ? error.kind : 'internal'
}

/** The message of anything thrown, for logs and for `dead/`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
