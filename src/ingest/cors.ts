/**
 * The headers that let a page of an allowed origin export spans from its browser, and read why it was refused. They
 * belong on every answer: without them a browser hides even the status.
 */
export function corsHeaders(
  origin: string | undefined,
  origins: readonly string[],
): Record<string, string> {
  if (!isAllowed(origin, origins)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    // sendBeacon always sends in credentials mode, where a browser takes no `*`.
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'retry-after',
  }
}

/** What a preflight is told besides; nothing when its origin is not allowed. */
export function preflightHeaders(
  origin: string | undefined,
  origins: readonly string[],
): Record<string, string> {
  if (!isAllowed(origin, origins)) return {}
  return {
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type, content-encoding, authorization, x-scope-orgid',
    'access-control-max-age': '7200',
  }
}

function isAllowed(origin: string | undefined, origins: readonly string[]): origin is string {
  return origin !== undefined && origins.includes(origin)
}
