import { constants } from 'node:fs'
import { type FileHandle, link, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { SpanlakeError } from '../../errors.ts'
import { diskKeyPartBytesMax, diskPageEntries, diskPutBytesMax } from '../../limits.ts'
import type { ByteRange, ListEntry, ObjectStore, PutMode } from '../../ports/object-store.ts'
import { checkDeletedKeys, checkObjectKey, checkPutSize } from '../../ports/store-checks.ts'
import { collectEntries, versionOf } from './disk-list.ts'
import { durableFolders, makeDurableFolder, syncFolder } from './durable-folder.ts'
import { endProcess } from './end-process.ts'
import { codeOf, isFolderClash, isMissing, isNoRoom, reasonOf } from './file-errors.ts'
import { breakIfLeftBehind, withFileLock } from './file-lock.ts'
import { isLeftBehind, makerName } from './left-behind.ts'

export interface DiskStoreOptions {
  /** The owner of the data directory clears what crashes left half written. */
  readonly owner?: boolean
  readonly pageEntries?: number
  readonly maxPutBytes?: number
}

const lockPrefix = 'lock-'

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW

/**
 * A folder as a bucket: each object a file at its key. A put writes a temporary file, syncs it, then links it (create)
 * or renames it over what stands (overwrite, update), then syncs the folder. A failed sync ends the process.
 */
export async function diskStore(
  folder: string,
  options: DiskStoreOptions = {},
): Promise<ObjectStore> {
  const { pageEntries = diskPageEntries, maxPutBytes = diskPutBytesMax } = options
  const temporary = join(folder, '.tmp')
  try {
    await makeDurableFolder(temporary)
    if (options.owner) await clearLeftBehind(temporary)
  } catch (cause) {
    const message = `store folder ${folder} cannot be used: ${reasonOf(cause)}`
    throw new SpanlakeError('unavailable', message, { cause })
  }
  const makeFolder = durableFolders(folder)
  const foldsCase = await stat(join(folder, '.TMP')).then(
    () => true,
    () => false,
  )
  const pathTo = (key: string): string => pathOf(folder, key, foldsCase)
  let nextName = 0
  const storeName = `${makerName()},${threadId},${process.hrtime.bigint()}`
  const temporaryPath = (): string => join(temporary, `${storeName},${nextName++}`)

  return {
    maxPutBytes,

    async put(key, body, mode) {
      const path = pathTo(key)
      checkPutSize(key, body, maxPutBytes)
      const draft = temporaryPath()
      try {
        await makeFolder(dirname(path))
        const version = await writeDraft(draft, body)
        const written = await place(draft, path, mode, temporary)
        // Also after a conflict: what stands may be so new that its maker has not synced it, and the caller acts on it.
        await syncFolder(dirname(path))
        return written ? { kind: 'written', version } : { kind: 'conflict' }
      } catch (cause) {
        throw isFolderClash(cause) ? folderClash(key) : unavailable('put', key, cause)
      } finally {
        await rm(draft, { force: true })
      }
    },

    async get(key, range) {
      const path = pathTo(key)
      let file: FileHandle
      try {
        file = await open(path, readFlags)
      } catch (cause) {
        // ELOOP: a link in an object's place is none of ours, wherever it may lead.
        if (isMissing(cause) || codeOf(cause) === 'ELOOP') return undefined
        throw unavailable('get', key, cause)
      }
      try {
        const stats = await file.stat({ bigint: true })
        if (!stats.isFile()) return undefined
        const bytes = Number(stats.size)
        return { body: await readRange(file, bytes, range), bytes, version: versionOf(stats) }
      } catch (cause) {
        throw unavailable('get', key, cause)
      } finally {
        await file.close()
      }
    },

    async list(prefix, after = '') {
      const entries: ListEntry[] = []
      try {
        // One entry more than a page tells whether there are more.
        collectEntries(folder, '', prefix, after, pageEntries + 1, entries)
      } catch (cause) {
        throw unavailable('list', prefix, cause)
      }
      return { entries: entries.slice(0, pageEntries), more: entries.length > pageEntries }
    },

    async delete(keys) {
      checkDeletedKeys(keys)
      const paths = keys.map(pathTo)
      for (const path of paths) {
        // Beneath the lock: an update that has found its version would bring the object back.
        await withLock(path, temporary, () => removeFile(path)).catch((cause) => {
          throw unavailable('delete', path, cause)
        })
      }
      // An object that a crash brings back may be one that nobody calls absorbed any more.
      for (const parent of new Set(paths.map(dirname))) await syncFolderIfThere(parent)
    },
  }
}

function pathOf(folder: string, key: string, foldsCase: boolean): string {
  checkObjectKey(key)
  // Two tenants whose names differ in case alone must not meet in one folder.
  if (foldsCase && key !== key.toLowerCase()) {
    throw new SpanlakeError('invalid', `object key must be lower case on this disk, got ${key}`)
  }
  const parts = key.split('/')
  const long = parts.find((part) => part.length > diskKeyPartBytesMax)
  if (long !== undefined || parts[0] === '.tmp') {
    throw new SpanlakeError(
      'invalid',
      `object key parts must be at most ${diskKeyPartBytesMax} bytes and not .tmp, got ${key.slice(0, 80)}`,
    )
  }
  return join(folder, ...parts)
}

async function writeDraft(path: string, body: Uint8Array): Promise<string> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(body)
    await file.sync().catch((error) => {
      // Nobody has seen the draft: where there is no room for it, it can be given up.
      if (isNoRoom(error)) throw error
      endProcess(`fsync failed for ${path}: ${String(error)}`)
    })
    return versionOf(await file.stat({ bigint: true }))
  } finally {
    await file.close()
  }
}

/** Puts the draft in its place; false when the mode's condition does not hold. */
async function place(
  draft: string,
  path: string,
  mode: PutMode,
  temporary: string,
): Promise<boolean> {
  if (mode.kind === 'create') {
    try {
      await link(draft, path)
      return true
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      if ((await stat(path)).isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' })
      return false
    }
  }
  return withLock(path, temporary, async () => {
    if (mode.kind === 'update' && (await versionAt(path)) !== mode.version) return false
    await rename(draft, path)
    return true
  })
}

async function versionAt(path: string): Promise<string | undefined> {
  try {
    return versionOf(await stat(path, { bigint: true }))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Holds off others' overwrites and updates of one key. */
function withLock<T>(path: string, temporary: string, work: () => Promise<T>): Promise<T> {
  const name = `${lockPrefix}${encodeURIComponent(path).slice(-200)}`
  return withFileLock(join(temporary, name), work)
}

/** Removes what crashes left. Others may be at work in the folder. */
async function clearLeftBehind(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name)
    if (name.startsWith(lockPrefix)) await breakIfLeftBehind(path)
    else if (await isLeftBehind(path, name)) await rm(path, { recursive: true, force: true })
  }
}

async function readRange(
  file: FileHandle,
  bytes: number,
  range: ByteRange | undefined,
): Promise<Uint8Array> {
  const start = range === undefined ? 0 : 'suffix' in range ? bytes - range.suffix : range.offset
  const from = Math.max(0, start)
  const to = range !== undefined && 'length' in range ? Math.min(bytes, from + range.length) : bytes
  const body = new Uint8Array(Math.max(0, to - from))
  let filled = 0
  while (filled < body.length) {
    const { bytesRead } = await file.read(body, filled, body.length - filled, from + filled)
    if (bytesRead === 0) throw new Error(`file ended at ${from + filled} of ${bytes} bytes`)
    filled += bytesRead
  }
  return body
}

/** Removes a file; neither what is missing nor a folder is an object. */
async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EISDIR') return
    // What Linux calls EISDIR.
    if (codeOf(error) === 'EPERM' && (await stat(path)).isDirectory()) return
    throw error
  }
}

async function syncFolderIfThere(path: string): Promise<void> {
  await syncFolder(path).catch((error) => {
    if (!isMissing(error)) throw unavailable('delete', path, error)
  })
}

function folderClash(key: string): SpanlakeError {
  return new SpanlakeError(
    'invalid',
    `object key must not lie above or below that of another object, got ${key}`,
  )
}

function unavailable(what: string, key: string, cause: unknown): SpanlakeError {
  if (cause instanceof SpanlakeError) return cause
  return new SpanlakeError('unavailable', `store ${what} failed for ${key}`, { cause })
}
