import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { countingStore } from '../../src/adapters/wrap/counting.ts'
import { faultyStore } from '../../src/adapters/wrap/faulty.ts'
import { retryingStore } from '../../src/adapters/wrap/retrying.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { objectStoreContract } from './object-store-contract.ts'

const clock = steppedClock(1_000)
const inner = (): ObjectStore => memoryStore({ clock, maxPutBytes: 5_000, pageEntries: 4 })

objectStoreContract('retrying', {
  open: async () => retryingStore(inner(), { clock, random: seededRandom(1) }),
  exceptions: [],
})

objectStoreContract('counting', { open: async () => countingStore(inner()), exceptions: [] })

objectStoreContract('faulty, without faults', {
  open: async () => faultyStore(inner(), { random: seededRandom(1), clock, slow: 0.5 }),
  exceptions: [],
})

// The heart of the matter: nobody above a retrying store can tell that answers get lost beneath it.
for (const seed of [1, 2, 3, 4, 5]) {
  objectStoreContract(`retrying over faulty, seed ${seed}`, {
    open: async () => {
      const faults = { failBefore: 0.1, failAfter: 0.2, slow: 0.1, clock }
      const faulty = faultyStore(inner(), { random: seededRandom(seed), ...faults })
      return retryingStore(faulty, { clock, random: seededRandom(seed), attempts: 20 })
    },
    exceptions: [],
  })
}
