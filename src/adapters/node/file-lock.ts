import { rm, symlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SpanlakeError } from '../../errors.ts'
import { codeOf } from './file-errors.ts'
import { isLeftBehind, makerName, makerOfLock } from './left-behind.ts'

const attemptsMax = 5_000

/**
 * Does some work while no other thread or process does any under the same lock: a link at that path to the name of who
 * holds it, made in one call. Throws kind `unavailable` when it stays held for seconds.
 */
export async function withFileLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; !(await take(lock)); attempt++) {
    if (attempt >= attemptsMax) throw new SpanlakeError('unavailable', `lock is held, ${lock}`)
    if (!(await breakIfLeftBehind(lock))) await sleep(1)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/**
 * Removes a lock whose holder is gone; whether it did. Under a lock of its own: of two that have found the holder gone,
 * the slower would remove the lock that the faster has taken by then.
 */
export async function breakIfLeftBehind(lock: string): Promise<boolean> {
  const isLeft = async () => {
    const maker = await makerOfLock(lock)
    // Nobody releases what a process left that was gone before we look again.
    return (await isLeftBehind(lock, maker)) && (await makerOfLock(lock)) === maker
  }
  if (!(await isLeft())) return false
  return withFileLock(`${lock}+`, async () => {
    if (!(await isLeft())) return false
    await rm(lock, { force: true })
    return true
  })
}

async function take(lock: string): Promise<boolean> {
  try {
    await symlink(makerName(), lock)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  }
}
