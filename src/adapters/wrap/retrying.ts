import { kindOf, SpanlakeError } from '../../errors.ts'
import { storeAttemptsMax, storeRetryMs, storeRetryMsMax } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ObjectStore, PutMode, PutResult } from '../../ports/object-store.ts'
import { type Random, uniform } from '../../ports/random.ts'

export interface RetryingOptions {
  readonly clock: Clock
  readonly random: Random
  /** How often an operation is tried in all; at least 1. */
  readonly attempts?: number
  /** The longest first pause; each further one may be twice as long. */
  readonly delayMs?: number
  readonly delayMsMax?: number
}

/**
 * A store that tries again what failed as `unavailable`, and nothing else. A conflict that follows a lost answer may be
 * our own success: what stands is read back, and equal bytes are our own (decisions/004-nonce-in-the-body.md).
 */
export function retryingStore(store: ObjectStore, options: RetryingOptions): ObjectStore {
  const retry = retrier(options)
  return {
    maxPutBytes: store.maxPutBytes,
    put: (key, body, mode) => {
      let answerLost = false
      return retry(async () => {
        try {
          const result = await store.put(key, body, mode)
          if (result.kind === 'written' || !answerLost) return result
        } catch (error) {
          answerLost = true
          throw error
        }
        return ownSuccess(store, key, body, mode)
      })
    },
    get: (key, range) => retry(() => store.get(key, range)),
    list: (prefix, after) => retry(() => store.list(prefix, after)),
    delete: (keys) => retry(() => store.delete(keys)),
  }
}

/** What a conflict after a lost answer means, by what stands now. */
async function ownSuccess(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  mode: PutMode,
): Promise<PutResult> {
  const found = await store.get(key)
  if (found !== undefined && equalBytes(found.body, body)) {
    return { kind: 'written', version: found.version }
  }
  if (found !== undefined || mode.kind === 'update') return { kind: 'conflict' }
  // Somebody removed what stood in the way of a create: the next attempt asks again.
  throw new SpanlakeError('unavailable', `object came and went while it was created, ${key}`)
}

function retrier(options: RetryingOptions): <T>(operation: () => Promise<T>) => Promise<T> {
  const { clock, random } = options
  const { attempts = storeAttemptsMax, delayMs = storeRetryMs } = options
  const { delayMsMax = storeRetryMsMax } = options
  return async (operation) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await operation()
      } catch (error) {
        if (kindOf(error) !== 'unavailable' || attempt >= attempts) throw error
      }
      // Anywhere below the bound, so that many that failed together do not come back together:
      // https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
      await clock.sleep(
        Math.ceil(uniform(random) * Math.min(delayMsMax, delayMs * 2 ** (attempt - 1))),
      )
    }
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
