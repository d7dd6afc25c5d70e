import type { Clock } from '../../ports/clock.ts'

export interface SteppedClock extends Clock {
  /** Moves the time, also backwards. */
  step(ms: number): void
}

/** A clock that moves only when told, and when somebody sleeps. */
export function steppedClock(startMs: number): SteppedClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms
    },
    step(ms) {
      nowMs += ms
    },
  }
}
