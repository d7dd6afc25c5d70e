import { getSystemErrorMap } from 'node:util'
import { messageOf } from '../../errors.ts'

// What the operating system's errors mean to the store.

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')
}

export function isNoRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '')
}

/** A file where a folder has to be, or a folder where the file has to be. */
export function isFolderClash(error: unknown): boolean {
  return ['ENOTDIR', 'EISDIR', 'EEXIST'].includes(codeOf(error) ?? '')
}

/** The reason alone, in the system's words where it was the system: `permission denied`. */
export function reasonOf(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException
  const [, words] = getSystemErrorMap().get(errno ?? 0) ?? []
  return words ?? messageOf(error)
}
