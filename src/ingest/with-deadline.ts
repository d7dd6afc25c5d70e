import { SpanlakeError } from '../errors.ts'

/**
 * What `work` resolves to, or kind `unavailable` after `ms`: sooner than the sender would give up by itself. The work
 * goes on, and may still succeed: the sender's retry is then a repeat.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, must: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SpanlakeError('unavailable', must)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
