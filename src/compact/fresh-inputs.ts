import { kindOf, messageOf, SpanlakeError } from '../errors.ts'
import type { FileColumns } from '../index/day-list.ts'
import { mergeHeldRowsMax, storeReadsAtOnce, tailGuessBytes, wholeFileBytesMax } from '../limits.ts'
import type { ListEntry } from '../ports/object-store.ts'
import { readFileColumns } from '../press/attribute-columns.ts'
import { decodeFooterSuffix } from '../press/file-footer.ts'
import { decodeFreshTail, type FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { MissingObject } from '../snapshot/missing-object.ts'

/** A fresh file that a merge is to absorb. */
export interface FreshInput {
  readonly key: string
  readonly bytes: number
  readonly tail: FreshTail
  readonly columns: FileColumns
  /** The whole file where it is small: one read for all that a merge needs of it. */
  readonly body: Uint8Array | undefined
}

/**
 * What a merge needs to know of these files, in the order given; as many of the first as it may hold at once. A broken
 * file is left out and logged: it must not stop the others. Throws `MissingObject` when one is gone.
 */
export async function readFreshInputs(
  tenant: string,
  entries: readonly ListEntry[],
  runtime: Pick<Runtime, 'store' | 'log'>,
): Promise<FreshInput[]> {
  const inputs = await mapAtOnce(entries, storeReadsAtOnce, async (entry) => {
    try {
      return await readInput(tenant, entry, runtime)
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      runtime.log.error('fresh file is left out of compaction', {
        key: entry.key,
        error: messageOf(error),
      })
      return undefined
    }
  })
  const read = inputs.filter((input) => input !== undefined)
  let heldRows = 0
  const end = read.findIndex(({ tail }, i) => {
    heldRows += tail.rowGroups.reduce((most, { rows }) => Math.max(most, rows), 0)
    return i > 0 && heldRows > mergeHeldRowsMax
  })
  return end < 0 ? read : read.slice(0, end)
}

async function readInput(
  tenant: string,
  { key, bytes }: ListEntry,
  { store }: Pick<Runtime, 'store'>,
): Promise<FreshInput> {
  let suffix = bytes <= wholeFileBytesMax ? bytes : tailGuessBytes
  for (let reads = 0; reads < 4; reads++) {
    const stored = await store.get(key, { suffix })
    if (stored === undefined) throw new MissingObject(key)
    const [tail, footer] = decodeEnd(stored.body, stored.bytes, key)
    if ('kind' in tail || 'kind' in footer) {
      const asked = [tail, footer].map((part) => ('kind' in part ? part.suffixBytes : 0))
      suffix = Math.max(...asked)
      continue
    }
    if (tail.contents.tenant !== tenant) {
      throw new SpanlakeError('corrupt', `fresh file must be of tenant ${tenant}, ${key}`)
    }
    const body = stored.body.length === stored.bytes ? stored.body : undefined
    return { key, bytes, tail, columns: readFileColumns(footer.keyValues), body }
  }
  throw new SpanlakeError('corrupt', `fresh file must tell the size of its tail, ${key}`)
}

function decodeEnd(body: Uint8Array, bytes: number, key: string) {
  try {
    return [decodeFreshTail(body, bytes), decodeFooterSuffix(body, bytes)] as const
  } catch (cause) {
    throw new SpanlakeError('corrupt', `fresh file is broken, ${key}: ${messageOf(cause)}`, {
      cause,
    })
  }
}
