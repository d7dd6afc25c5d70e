import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { endProcess } from './end-process.ts'
import { codeOf } from './file-errors.ts'

/** Creates a folder and its parents where they are missing, each durable in the one above it. */
export async function makeDurableFolder(folder: string): Promise<void> {
  for (const made of await makeFolders(resolve(folder))) await syncFolder(dirname(made))
}

/**
 * Makes the folders of a path that are missing, and names them. Node's own recursion never ends, and holds a thread, where
 * the system says of a new folder in one that stands that it is missing, as in /proc.
 */
async function makeFolders(path: string): Promise<string[]> {
  const missing: string[] = []
  for (let at = path; !(await isFolder(at)); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    await mkdir(folder).catch((error) => {
      // Another thread may have made it meanwhile.
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
  return missing
}

/** Whether there is a folder; throws ENOTDIR where there is something else. */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  throw Object.assign(new Error(`not a directory, ${path}`), { code: 'ENOTDIR' })
}

/** Folders that are known to be durable, so that each is synced once and not for every object. */
const knownMax = 10_000

/**
 * Makes folders below `root` as `makeDurableFolder` does, also for those that another thread has just made: that one may
 * not have come to its sync, and a file in a folder that a crash takes back is gone with it.
 */
export function durableFolders(root: string): (folder: string) => Promise<void> {
  const top = resolve(root)
  const known = new Set<string>()
  return async (folder) => {
    const path = resolve(folder)
    const made = await makeFolders(path)
    if (made.length === 0 && known.has(path)) return
    const chain: string[] = []
    for (let at = path; at.length > top.length; at = dirname(at)) chain.push(at)
    for (const at of chain) await syncFolder(dirname(at))
    if (known.size > knownMax) known.clear()
    for (const at of chain) known.add(at)
  }
}

/** Makes durable what stands in a folder: its names, not what they hold. A failed sync ends the process. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    endProcess(`fsync failed for ${path}: ${String(error)}`)
  } finally {
    await folder.close()
  }
}
