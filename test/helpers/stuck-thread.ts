// Preloaded into a server (NODE_OPTIONS=--import): in the thread whose file is STUCK_THREAD, the function STUCK_CALL of
// a node module (`zlib.zstdCompressSync`) never returns, as a long synchronous step would not.
import fs, { writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import zlib from 'node:zlib'

const { STUCK_THREAD = '', STUCK_CALL = '' } = process.env
const modules: Readonly<Record<string, object>> = { fs, zlib }

if (!isMainThread && process.argv[1]?.endsWith(STUCK_THREAD)) {
  const [module = '', name = ''] = STUCK_CALL.split('.')
  const stuck = (): never => {
    writeSync(2, `stuck in ${STUCK_CALL}\n`)
    for (;;);
  }
  Object.assign(modules[module] as object, { [name]: stuck })
  syncBuiltinESMExports()
}
