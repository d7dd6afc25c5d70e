import { steppedClock } from '../../src/adapters/memory/clock.ts'
import { memoryStore } from '../../src/adapters/memory/store.ts'
import { objectStoreContract } from './object-store-contract.ts'

objectStoreContract('memory', {
  open: async () => memoryStore({ clock: steppedClock(1_000), maxPutBytes: 5_000, pageEntries: 4 }),
  exceptions: [],
})
