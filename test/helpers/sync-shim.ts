import { execFile, spawnSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const source = fileURLToPath(new URL('../runtime/fsync-shim.c', import.meta.url))

/** What `test/runtime/fsync-shim.c` does to the syncs of the programs that run with `env`. */
export interface SyncShim {
  readonly env: Readonly<Record<string, string>>
  /** From here on, syncs of paths that contain `part` wait. */
  hold(part: string): Promise<void>
  release(): Promise<void>
  /** From here on, syncs of paths that contain `part` fail. */
  fail(part: string): Promise<void>
  /** Paths whose sync completed, in order. */
  synced(): Promise<string[]>
  /** Paths whose sync had to wait, in order. */
  held(): Promise<string[]>
}

/** LD_PRELOAD is Linux's, and the shim is C. */
export function canShimSyncs(): boolean {
  return process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0
}

/** Compiles the shim into `folder`, where its log and its orders lie too. */
export async function syncShim(folder: string): Promise<SyncShim> {
  const library = join(folder, 'fsync-shim.so')
  const [log, hold, fail] = ['syncs', 'hold', 'fail'].map((name) => join(folder, name)) as Paths
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
  const linesOf = async (what: string): Promise<string[]> => {
    const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n')
    return lines.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length))
  }
  return {
    env: {
      LD_PRELOAD: library,
      SPANLAKE_SYNC_LOG: log,
      SPANLAKE_SYNC_HOLD: hold,
      SPANLAKE_SYNC_FAIL: fail,
    },
    hold: (part) => writeFile(hold, part),
    release: () => rm(hold),
    fail: (part) => writeFile(fail, part),
    synced: () => linesOf('synced '),
    held: () => linesOf('held '),
  }
}

type Paths = [string, string, string]
