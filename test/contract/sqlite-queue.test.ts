import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { openSqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { queueContract } from './queue-contract.ts'

queueContract('sqlite', {
  async open({ bytesMax } = { bytesMax: 1e9 }) {
    const folder = await temporaryFolder()
    const queue = await openSqliteQueue({
      path: join(folder, 'queue.db'),
      bytesMax,
      reserveBytes: 0,
    })
    onTestFinished(() => queue.close())
    return queue
  },
  wait: (ms) => sleep(ms),
  exceptions: [],
})
