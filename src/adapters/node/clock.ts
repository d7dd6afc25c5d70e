import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms) => sleep(ms),
}
