import { SpanlakeError } from '../src/errors.ts'

export interface WaitingLine {
  /**
   * Resolves, first come first served, when there is room; call what comes back once to leave. Throws kind `throttled`
   * when too many wait, `unavailable` after the wait, or when the signal aborts.
   */
  enter(signal: AbortSignal | undefined): Promise<() => void>
}

export interface LineBounds {
  /** At once. */
  readonly inside: number
  readonly waiting: number
  readonly waitMs: number
}

/** Lets so many in at once, and so many wait so long. `what` is their name in messages, for example `sql queries`. */
export function waitingLine(
  what: string,
  { inside: insideMax, waiting: waitingMax, waitMs: waitMsMax }: LineBounds,
): WaitingLine {
  const waiting = new Set<() => void>()
  let inside = 0

  function leaveOnce(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      inside--
      const [next] = waiting
      next?.()
    }
  }

  return {
    async enter(signal) {
      if (inside < insideMax) {
        inside++
        return leaveOnce()
      }
      if (waiting.size >= waitingMax) {
        throw new SpanlakeError('throttled', `${what} waiting must be at most ${waitingMax}`)
      }
      const { promise, resolve, reject } = Promise.withResolvers<() => void>()
      const admit = () => {
        waiting.delete(admit)
        inside++
        resolve(leaveOnce())
      }
      const giveUp = (why: string) => {
        waiting.delete(admit)
        reject(new SpanlakeError('unavailable', why))
      }
      const onAbort = () => giveUp(`${what}: the client has given up`)
      const timer = setTimeout(
        () => giveUp(`${what} of others have not ended within ${waitMsMax / 1_000} s`),
        waitMsMax,
      )
      waiting.add(admit)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
    },
  }
}
