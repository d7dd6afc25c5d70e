import type { Clock } from '../../ports/clock.ts'
import type { ByteRange, ObjectStore, PutMode } from '../../ports/object-store.ts'
import { checkDeletedKeys, checkObjectKey, checkPutSize } from '../../ports/store-checks.ts'

interface Held {
  readonly body: Uint8Array
  readonly version: string
  readonly modifiedMs: number
}

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly maxPutBytes?: number
  readonly pageEntries?: number
}

/** A store in this process, for tests and simulations; as strict as the strictest real one. */
export function memoryStore(options: MemoryStoreOptions): ObjectStore {
  const { clock, maxPutBytes = 512 * 1024 * 1024, pageEntries = 1_000 } = options
  const held = new Map<string, Held>()
  let versions = 0
  return {
    maxPutBytes,

    async put(key, body, mode) {
      checkObjectKey(key)
      checkPutSize(key, body, maxPutBytes)
      if (!allows(mode, held.get(key))) return { kind: 'conflict' }
      const version = `v${++versions}`
      held.set(key, { body: body.slice(), version, modifiedMs: clock.nowMs() })
      return { kind: 'written', version }
    },

    async get(key, range) {
      checkObjectKey(key)
      const found = held.get(key)
      if (found === undefined) return undefined
      const { body, version } = found
      return { body: cut(body, range), bytes: body.length, version }
    },

    async list(prefix, after = '') {
      const keys = [...held.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
      const entries = keys.slice(0, pageEntries).map((key) => {
        const { body, version, modifiedMs } = held.get(key) as Held
        return { key, bytes: body.length, version, modifiedMs }
      })
      return { entries, more: keys.length > pageEntries }
    },

    async delete(keys) {
      checkDeletedKeys(keys)
      for (const key of keys) held.delete(key)
    },
  }
}

function allows(mode: PutMode, standing: Held | undefined): boolean {
  switch (mode.kind) {
    case 'create':
      return standing === undefined
    case 'overwrite':
      return true
    case 'update':
      return standing?.version === mode.version
  }
}

function cut(body: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return body.slice()
  if ('suffix' in range) return body.slice(Math.max(0, body.length - range.suffix))
  return body.slice(range.offset, range.offset + range.length)
}
