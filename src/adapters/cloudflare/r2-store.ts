import type { R2Bucket, R2Object, R2PutOptions } from '@cloudflare/workers-types'
import { SpanlakeError } from '../../errors.ts'
import { r2PutBytesMax } from '../../limits.ts'
import type { ByteRange, ObjectStore, PutMode, PutResult } from '../../ports/object-store.ts'
import { checkDeletedKeys, checkObjectKey, checkPutSize } from '../../ports/store-checks.ts'

/** An R2 bucket as a store. A condition that does not hold is R2's null, our conflict. */
export function r2Store(bucket: R2Bucket): ObjectStore {
  return {
    maxPutBytes: r2PutBytesMax,

    async put(key, body, mode): Promise<PutResult> {
      checkObjectKey(key)
      checkPutSize(key, body, r2PutBytesMax)
      const written = await asking('put', key, () => bucket.put(key, body, conditionOf(mode)))
      return written ? { kind: 'written', version: written.etag } : { kind: 'conflict' }
    },

    async get(key, range) {
      checkObjectKey(key)
      const found = await asking('get', key, () => getRange(bucket, key, range))
      if (found === null) return undefined
      return { body: found.body, bytes: found.object.size, version: found.object.etag }
    },

    async list(prefix, after) {
      const options = after === undefined ? { prefix } : { prefix, startAfter: after }
      const page = await asking('list', prefix, () => bucket.list(options))
      const entries = page.objects.map(({ key, size, etag, uploaded }) => ({
        key,
        bytes: size,
        version: etag,
        modifiedMs: uploaded.getTime(),
      }))
      return { entries, more: page.truncated }
    },

    async delete(keys) {
      checkDeletedKeys(keys)
      if (keys.length > 0) await asking('delete', keys[0] ?? '', () => bucket.delete([...keys]))
    },
  }
}

function conditionOf(mode: PutMode): R2PutOptions {
  switch (mode.kind) {
    case 'create':
      return { onlyIf: { etagDoesNotMatch: '*' } }
    case 'overwrite':
      return {}
    case 'update':
      return { onlyIf: { etagMatches: mode.version } }
  }
}

/** R2 refuses a range that begins past the end; here that is an empty one, found out only when it refuses. */
async function getRange(
  bucket: R2Bucket,
  key: string,
  range: ByteRange | undefined,
): Promise<{ object: R2Object; body: Uint8Array } | null> {
  try {
    const object = await bucket.get(key, range === undefined ? {} : { range })
    return object && { object, body: new Uint8Array(await object.arrayBuffer()) }
  } catch (error) {
    const object = range !== undefined && 'offset' in range ? await bucket.head(key) : null
    const isPastEnd =
      object !== null && range !== undefined && 'offset' in range && range.offset >= object.size
    if (isPastEnd) return { object, body: new Uint8Array(0) }
    throw error
  }
}

async function asking<T>(what: string, key: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new SpanlakeError('unavailable', `store ${what} failed for ${key}`, { cause })
  }
}
