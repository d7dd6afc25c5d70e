import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SpanlakeError } from '../../errors.ts'
import { diskKeyPartBytesMax, diskPutBytesMax } from '../../limits.ts'
import type { ByteRange, ListEntry, ObjectStore, PutMode } from '../../ports/object-store.ts'
import { checkDeletedKeys, checkObjectKey, checkPutSize } from '../../ports/store-checks.ts'
import { durableFolders, makeDurableFolder, syncFolder } from './durable-folder.ts'
import { endProcess } from './end-process.ts'

export interface DiskStoreOptions {
  /** The owner of the data directory clears what a crash left half written. Other threads must not. */
  readonly owner?: boolean
  readonly pageEntries?: number
  readonly maxPutBytes?: number
}

const lockAttempts = 5_000

/**
 * A folder as a bucket: each object a file at its key. A put writes a temporary file, syncs it, then links it (create)
 * or renames it over what stands (overwrite, update), then syncs the folder. A failed sync ends the process.
 */
export async function diskStore(
  folder: string,
  options: DiskStoreOptions = {},
): Promise<ObjectStore> {
  const { pageEntries = 1_000, maxPutBytes = diskPutBytesMax } = options
  const temporary = join(folder, '.tmp')
  if (options.owner) await rm(temporary, { recursive: true, force: true })
  await makeDurableFolder(temporary)
  const makeFolder = durableFolders(folder)
  let nextName = 0
  const threadName = `${process.pid}-${process.hrtime.bigint()}`
  const temporaryPath = (): string => join(temporary, `${threadName}-${nextName++}`)

  return {
    maxPutBytes,

    async put(key, body, mode) {
      const path = pathOf(folder, key)
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
        throw unavailable('put', key, cause)
      } finally {
        await rm(draft, { force: true })
      }
    },

    async get(key, range) {
      const path = pathOf(folder, key)
      let file: FileHandle
      try {
        file = await open(path, 'r')
      } catch (cause) {
        if (isMissing(cause)) return undefined
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
        collect(folder, '', prefix, after, pageEntries + 1, entries)
      } catch (cause) {
        throw unavailable('list', prefix, cause)
      }
      return { entries: entries.slice(0, pageEntries), more: entries.length > pageEntries }
    },

    async delete(keys) {
      checkDeletedKeys(keys)
      for (const key of keys) {
        await unlink(pathOf(folder, key)).catch((cause) => {
          if (!isMissing(cause)) throw unavailable('delete', key, cause)
        })
      }
    },
  }
}

function pathOf(folder: string, key: string): string {
  checkObjectKey(key)
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
    await file.sync().catch((error) => endProcess(`fsync failed for ${path}: ${String(error)}`))
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
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
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

/** Holds off other threads' overwrites and updates of one key; a lock that a crash left goes with the temporary folder. */
async function withLock<T>(path: string, temporary: string, work: () => Promise<T>): Promise<T> {
  const lock = join(temporary, `lock-${encodeURIComponent(path).slice(-200)}`)
  for (let attempt = 0; ; attempt++) {
    try {
      await (await open(lock, 'wx')).close()
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt >= lockAttempts) throw error
      await sleep(1)
    }
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino}-${mtimeNs}-${size}`
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

/**
 * Adds entries in byte order of their whole keys: within a folder, a subfolder sorts as its name with a slash behind.
 * Synchronous: tens of thousands of awaits would take longer than the calls, and only threads that answer no exports list.
 */
function collect(
  folder: string,
  base: string,
  prefix: string,
  after: string,
  entriesMax: number,
  entries: ListEntry[],
): void {
  for (const name of namesIn(join(folder, base), base === '')) {
    if (entries.length >= entriesMax) return
    const key = base + name
    if (name.endsWith('/')) {
      const holdsPrefix = key.startsWith(prefix) || prefix.startsWith(key)
      const allBefore = key < after && !after.startsWith(key)
      if (holdsPrefix && !allBefore) collect(folder, key, prefix, after, entriesMax, entries)
    } else if (key.startsWith(prefix) && key > after) {
      const stats = statSync(join(folder, key), { bigint: true, throwIfNoEntry: false })
      if (!stats) continue // deleted since it was listed
      const modifiedMs = Number(stats.mtimeNs / 1_000_000n)
      entries.push({ key, bytes: Number(stats.size), version: versionOf(stats), modifiedMs })
    }
  }
}

function namesIn(path: string, isRoot: boolean): string[] {
  try {
    const found = readdirSync(path, { withFileTypes: true })
    return found
      .filter(({ name }) => !isRoot || name !== '.tmp')
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function unavailable(what: string, key: string, cause: unknown): SpanlakeError {
  if (cause instanceof SpanlakeError) return cause
  return new SpanlakeError('unavailable', `store ${what} failed for ${key}`, { cause })
}
