import { readlinkSync } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { leftBehindMs } from '../../limits.ts'
import { codeOf, isMissing } from './file-errors.ts'

// Temporary files name the process that made them, so that another can tell what a crash left from what is in use.

/** Stands at the beginning of a draft's name, and is what a lock points to. */
export function makerName(pid: number = process.pid): string {
  return `${pid}@${host}`
}

/** Where the ids of processes mean the same: on this machine, outside of containers or in the same one. */
const host = `${encodeURIComponent(hostname()).slice(0, 64)}-${processSpace()}`

/** Linux's number for it, https://man7.org/linux/man-pages/man7/pid_namespaces.7.html; empty elsewhere. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return ''
  }
}

/**
 * Whether nobody will come back for a temporary file: its process is gone, or it is so old that it must be. False where
 * there is none.
 */
export async function isLeftBehind(path: string, name: string): Promise<boolean> {
  try {
    const { mtimeMs } = await lstat(path)
    const ageMs = Date.now() - mtimeMs
    const [, pid, where] = name.match(/^(\d+)@([^,]*)/) ?? []
    if (ageMs > leftBehindMs) return true
    return pid !== undefined && where === host && hasEnded(Number(pid), ageMs)
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Whether the process that was there so long ago is gone. */
function hasEnded(pid: number, ageMs: number): boolean {
  // In a container, processes of one id follow each other.
  if (pid === process.pid) return ageMs > process.uptime() * 1_000
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}

/** The maker of a lock; empty where that is unknown, or there is none. */
export async function makerOfLock(path: string): Promise<string> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EINVAL') return ''
    throw error
  }
}
