const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * The bytes with U+FFFD in place of what is not UTF-8 (the replacement of the Encoding Standard), or undefined when
 * nothing had to be repaired.
 */
export function repairUtf8(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let at = start
  while (at < end && (bytes[at] as number) < 0x80) at++
  if (at === end) return undefined
  const range = bytes.subarray(start, end)
  const repaired = encoder.encode(lenient.decode(range))
  return equalBytes(range, repaired) ? undefined : repaired
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
