import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ListEntry } from '../../ports/object-store.ts'
import { isMissing } from './file-errors.ts'

/**
 * Adds entries in byte order of their whole keys: within a folder, a subfolder sorts as its name with a slash behind.
 * Synchronous: tens of thousands of awaits would take longer than the calls, and only threads that answer no exports list.
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
    // What somebody else put there is no object: a link, a file whose name is no part of a key.
    return found
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .filter(({ name }) => (!isRoot || name !== '.tmp') && /^[\x21-\x7e]+$/.test(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Changes with each write: a new file has another inode, or at least another time. */
export function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return `${ino}-${mtimeNs}-${size}`
}
