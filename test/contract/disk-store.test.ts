import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { objectStoreContract } from './object-store-contract.ts'

objectStoreContract('disk', {
  open: async () =>
    diskStore(await temporaryFolder(), { owner: true, maxPutBytes: 5_000, pageEntries: 4 }),
  exceptions: [
    { name: 'object-below-object', reason: 'a file is no folder; no two keys of ours are so' },
  ],
})
