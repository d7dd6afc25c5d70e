import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SpanlakeError } from '../../errors.ts'
import { makeDurableFolder } from './durable-folder.ts'
import { reasonOf } from './file-errors.ts'

export interface DataDirectoryLock {
  release(): Promise<void>
}

/**
 * Makes this process the one owner of a data directory. The lock is SQLite's on a file of its own, so that the operating
 * system takes it back however the process dies. Throws kind `invalid` when another process holds it, and when the folder
 * cannot be made or written.
 */
export async function lockDataDirectory(folder: string): Promise<DataDirectoryLock> {
  using opened = new DisposableStack()
  const pidFile = join(folder, 'owner.pid')
  try {
    // A data directory that a crash takes back would take with it what was acknowledged meanwhile.
    await makeDurableFolder(folder)
    const database = opened.use(new DatabaseSync(join(folder, 'lock.db')))
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    await writeFile(pidFile, `${process.pid}\n`)
  } catch (cause) {
    const why = isBusy(cause)
      ? `is in use by another spanlake, process ${await ownerIn(pidFile)}`
      : `cannot be used: ${reasonOf(cause)}`
    throw new SpanlakeError('invalid', `data directory ${folder} ${why}`, { cause })
  }
  const lock = opened.move()
  return {
    async release() {
      lock.dispose()
    },
  }
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy: another process holds the lock. */
function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5
}

async function ownerIn(pidFile: string): Promise<string> {
  return (await readFile(pidFile, 'utf8').catch(() => 'unknown')).trim()
}
