/**
 * A number for a trace id of 32 hex digits: 53 bits, mixed, since ids need not be random. Two traces that share one are
 * only looked at more closely.
 */
export function traceMark(traceId: string): number {
  let [high, low] = [0x9e3779b9, 0x85ebca6b]
  for (let at = 0; at < 32; at += 8) {
    const word = Number.parseInt(traceId.slice(at, at + 8), 16)
    high = Math.imul(high ^ word, 0x2c1b3c6d)
    high ^= high >>> 15
    low = Math.imul(low + word + high, 0x297a2d39)
    low ^= low >>> 13
  }
  return ((high >>> 0) % 0x20_0000) * 0x1_0000_0000 + (low >>> 0)
}
