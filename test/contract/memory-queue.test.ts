import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryQueue } from '../../src/adapters/memory/queue.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { faultyQueue } from '../../src/adapters/wrap/faulty-queue.ts'
import { queueContract } from './queue-contract.ts'

const clock = steppedClock(1_000)
const exceptions = [
  { name: 'does-not-wait', reason: 'its time stands still while nobody steps it' },
] as const

queueContract('memory', {
  open: async (options) => memoryQueue({ clock, ...options }),
  wait: (ms) => clock.sleep(ms),
  exceptions,
})

queueContract('faulty, without faults', {
  open: async (options) =>
    faultyQueue(memoryQueue({ clock, ...options }), { random: seededRandom(1) }),
  wait: (ms) => clock.sleep(ms),
  exceptions,
})
