import { kindOf, messageOf, SpanlakeError } from '../errors.ts'
import type { FileColumns } from '../index/day-list.ts'
import { storeReadsAtOnce, tailGuessBytes, wholeFileBytesMax } from '../limits.ts'
import type { ListEntry } from '../ports/object-store.ts'
import { readFileColumns } from '../press/attribute-columns.ts'
import { decodeFooterSuffix } from '../press/file-footer.ts'
import { decodeFreshTail, type FreshTail } from '../press/fresh-tail.ts'
import type { Runtime } from '../runtime.ts'
import { checkFreshId } from '../snapshot/check-fresh-id.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'
import { MissingObject } from '../snapshot/missing-object.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { fittingInputs } from './fitting-inputs.ts'

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
 * What a merge needs to know of these files: of as many of the first as it may hold at once, by key. A broken file is
 * left out, from now on, and logged: it must not stop the others. Throws `MissingObject` when one is gone.
 */
export async function readFreshInputs(
  tenant: string,
  entries: readonly ListEntry[],
  runtime: Pick<Runtime, 'store' | 'codec' | 'log'>,
  { broken }: Pick<ReadCache, 'broken'>,
): Promise<FreshInput[]> {
  let fitting: readonly FreshInput[] = []
  for (let at = 0; at < entries.length; at += storeReadsAtOnce) {
    const next = entries.slice(at, at + storeReadsAtOnce)
    const read = await mapAtOnce(next, storeReadsAtOnce, (entry) =>
      readUnlessBroken(tenant, entry, runtime, broken),
    )
    const inputs = [...fitting, ...read.filter((input) => input !== undefined)]
    fitting = fittingInputs(inputs, ({ bytes, body, tail }) => ({
      bytes,
      heldBytes: body?.length ?? 0,
      groups: tail.rowGroups,
    }))
    if (fitting.length < inputs.length) break
  }
  return fitting.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

async function readUnlessBroken(
  tenant: string,
  entry: ListEntry,
  runtime: Pick<Runtime, 'store' | 'codec' | 'log'>,
  broken: Set<string>,
): Promise<FreshInput | undefined> {
  try {
    return await readInput(tenant, entry, runtime)
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    broken.add(entry.key)
    runtime.log.error('file is left out of compaction', {
      tenant,
      key: entry.key,
      error: messageOf(error),
    })
    return undefined
  }
}

async function readInput(
  tenant: string,
  { key, bytes }: ListEntry,
  { store, codec }: Pick<Runtime, 'store' | 'codec'>,
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
    checkFreshId(key, tail, codec)
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
