import type { Clock } from '../ports/clock.ts'

/** Seconds' worth of spans that may come at once after a quiet time. */
const burstSeconds = 5

export interface RateLimit {
  /** Takes `spans` from the tenant's budget: 0 when there was room, else the seconds to wait before trying again. */
  take(tenant: string, spans: number, spansPerSecond: number): number
}

/**
 * A token bucket per tenant, kept in this process. A request larger than the whole bucket is let in when the bucket is
 * full and leaves a debt, so that it is slowed and not refused for ever. A clock that steps back earns nothing.
 */
export function rateLimit(clock: Clock): RateLimit {
  const buckets = new Map<string, { spans: number; atMs: number }>()
  return {
    take(tenant, spans, spansPerSecond) {
      const nowMs = clock.nowMs()
      const size = spansPerSecond * burstSeconds
      const bucket = buckets.get(tenant) ?? { spans: size, atMs: nowMs }
      const earned = (Math.max(0, nowMs - bucket.atMs) * spansPerSecond) / 1_000
      const held = Math.min(size, bucket.spans + earned)
      const needed = Math.min(spans, size)
      const hasRoom = held >= needed
      buckets.set(tenant, { spans: hasRoom ? held - spans : held, atMs: nowMs })
      return hasRoom ? 0 : Math.max(1, Math.ceil((needed - held) / spansPerSecond))
    },
  }
}
