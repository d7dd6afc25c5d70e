import { rateBurstSeconds } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

/** How much somebody may send: a tenant, or the holder of a token. */
export interface Budget {
  /** Whose it is, for example `tenant acme`. */
  readonly name: string
  readonly spansPerSecond: number
}

/** A budget that has no room, and the whole seconds until it may have. */
export interface Overdrawn {
  readonly budget: Budget
  readonly waitSeconds: number
}

export interface RateLimit {
  /**
   * Takes `spans` from every budget, or from none and says which one has no room for them. Taking 0 asks whether one is
   * in debt.
   */
  take(budgets: readonly Budget[], spans: number): Overdrawn | undefined
}

interface Bucket {
  spans: number
  atMs: number
}

/**
 * A token bucket per budget, kept in this process: `rateBurstSeconds` of spans may come at once. A request larger than
 * the whole bucket is let in when the bucket is full and leaves a debt, so that it is slowed and not refused for ever. A
 * clock that steps back earns nothing for the step, and goes on earning from there.
 */
export function rateLimit(clock: Clock): RateLimit {
  const buckets = new Map<string, Bucket>()
  return {
    take(budgets, spans) {
      const nowMs = clock.nowMs()
      const filled = budgets.map((budget) => fill(buckets, budget, nowMs))
      for (const [i, budget] of budgets.entries()) {
        const missing = Math.min(spans, sizeOf(budget)) - (filled[i] as Bucket).spans
        if (missing > 0) {
          return { budget, waitSeconds: Math.max(1, Math.ceil(missing / budget.spansPerSecond)) }
        }
      }
      for (const bucket of filled) bucket.spans -= spans
      return undefined
    },
  }
}

/** The budget's bucket with what it has earned until now. */
function fill(buckets: Map<string, Bucket>, budget: Budget, nowMs: number): Bucket {
  const size = sizeOf(budget)
  const bucket = buckets.get(budget.name) ?? { spans: size, atMs: nowMs }
  const earned = (Math.max(0, nowMs - bucket.atMs) * budget.spansPerSecond) / 1_000
  bucket.spans = Math.min(size, bucket.spans + earned)
  bucket.atMs = nowMs
  buckets.set(budget.name, bucket)
  return bucket
}

/** At least one span, so that a rate below one a second lets something through. */
function sizeOf({ spansPerSecond }: Budget): number {
  return Math.max(1, spansPerSecond * rateBurstSeconds)
}
