import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeftBehind, makerName } from '../../src/adapters/node/left-behind.ts'

/** A new folder for one query, that only this user can open. */
export async function makeSessionFolder(folder: string): Promise<string> {
  const path = join(folder, `${makerName()},${randomUUID()}`)
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}

export async function removeSessionFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** Removes what processes that are no more have left there. */
export async function removeLeftBehind(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (await isLeftBehind(path, name)) await removeSessionFolder(path)
  }
}
