import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { endProcess } from './end-process.ts'

/** Creates a folder and its parents where they are missing, each durable in the one above it. */
export async function makeDurableFolder(folder: string): Promise<void> {
  const path = resolve(folder)
  const firstMade = await mkdir(path, { recursive: true })
  if (firstMade === undefined) return
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
    await syncFolder(dirname(made))
  }
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
    const firstMade = await mkdir(path, { recursive: true })
    if (firstMade === undefined && known.has(path)) return
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
