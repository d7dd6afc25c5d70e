/** The headers that let a browser on an allowed origin export spans, and read why it was refused. */
export function corsHeaders(
  origin: string | undefined,
  origins: readonly string[],
): Record<string, string> {
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    // sendBeacon always sends in credentials mode.
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'retry-after',
  }
}

/** What a preflight is told besides. */
export const preflightHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'content-type, content-encoding, authorization, x-scope-orgid',
  'access-control-max-age': '7200',
}
