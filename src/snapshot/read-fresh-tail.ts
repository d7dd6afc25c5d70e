import { SpanlakeError } from '../errors.ts'
import { tailGuessBytes } from '../limits.ts'
import { decodeFreshTail, type FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import { checkFreshId } from './check-fresh-id.ts'

/**
 * What a fresh file says of itself: one read of its end, or two when it says more than expected. Undefined when the file
 * is missing; throws kind `corrupt`, naming the file.
 */
export async function readFreshTail(
  key: string,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
): Promise<FreshTail | undefined> {
  let suffix = tailGuessBytes
  // A second answer never asks for more than the first one named.
  for (let reads = 0; reads < 3; reads++) {
    const stored = await store.get(key, { suffix })
    if (stored === undefined) return undefined
    const tail = decode(stored.body, stored.bytes, key)
    if (!('kind' in tail)) {
      checkFreshId(key, tail, codec)
      return tail
    }
    suffix = tail.suffixBytes
  }
  throw new SpanlakeError('corrupt', `fresh file must tell the size of its tail, ${key}`)
}

function decode(body: Uint8Array, bytes: number, key: string): ReturnType<typeof decodeFreshTail> {
  try {
    return decodeFreshTail(body, bytes)
  } catch (cause) {
    throw new SpanlakeError(
      'corrupt',
      `fresh file is broken, ${key}: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
