import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SpanlakeError } from '../../errors.ts'
import { makeDurableFolder } from './durable-folder.ts'

export interface DataDirectoryLock {
  release(): Promise<void>
}

/**
 * Makes this process the one owner of a data directory. The lock is SQLite's on a file of its own, so that the operating
 * system takes it back however the process dies. Throws kind `invalid` when another process holds it.
 */
export async function lockDataDirectory(folder: string): Promise<DataDirectoryLock> {
  // A data directory that a crash takes back would take with it what was acknowledged meanwhile.
  await makeDurableFolder(folder)
  const pidFile = join(folder, 'owner.pid')
  const database = new DatabaseSync(join(folder, 'lock.db'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const pid = await readFile(pidFile, 'utf8').catch(() => 'unknown')
    throw new SpanlakeError(
      'invalid',
      `data directory ${folder} is in use by another spanlake, process ${pid.trim()}`,
      { cause },
    )
  }
  await writeFile(pidFile, `${process.pid}\n`)
  return {
    async release() {
      database.close()
    },
  }
}
