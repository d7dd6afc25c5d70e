import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ListEntry } from '../../ports/object-store.ts'
import { isMissing } from './file-errors.ts'

/**
 * Adds entries in byte order of their whole keys: within a folder, a subfolder sorts as its name with a slash behind.
 * Synchronous: tens of thousands of awaits would take longer than the calls, and only threads that answer no exports
 * list.
 */
export function collectEntries(
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
      if (holdsPrefix && !allBefore) collectEntries(folder, key, prefix, after, entriesMax, entries)
    } else if (key.startsWith(prefix) && key > after) {
      entries.push(entryOf(folder, key))
    }
  }
}

/**
 * An entry that asks the file for its size and times when somebody wants to know: lookups list an hour of flushes for
 * their keys alone, and 3,600 calls take 13 ms. A file that is deleted by then is empty and of no time.
 */
function entryOf(folder: string, key: string): ListEntry {
  let known: BigIntStats | undefined | 'gone'
  const stats = (): BigIntStats | undefined => {
    known ??= statSync(join(folder, key), { bigint: true, throwIfNoEntry: false }) ?? 'gone'
    return known === 'gone' ? undefined : known
  }
  return {
    key,
    get bytes() {
      return Number(stats()?.size ?? 0n)
    },
    get version() {
      const found = stats()
      return found ? versionOf(found) : 'gone'
    },
    get modifiedMs() {
      return Number((stats()?.mtimeNs ?? 0n) / 1_000_000n)
    },
  }
}

function namesIn(path: string, isRoot: boolean): string[] {
  try {
    const found = readdirSync(path, { withFileTypes: true })
    // What somebody else put there is no object: a link, a file whose name is no part of a key.
    return found
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .filter(({ name }) => (!isRoot || name !== '.tmp') && /^[\x21-\x7e]+$/.test(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
  } catch (error) {
    // A folder on the way may go at any time; without the store's own nobody knows what there is.
    if (isMissing(error) && !isRoot) return []
    throw error
  }
}

/** Changes with each write: a new file has another inode, or at least another time. */
export function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino}-${mtimeNs}-${size}`
}
