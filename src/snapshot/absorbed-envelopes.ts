import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import type { Manifest, ReceiptsRef } from '../index/manifest.ts'
import { addOrdinals, type Ordinals } from '../index/ordinals.ts'
import {
  decodeReceipts,
  decodeReceiptsFilter,
  mightHoldEnvelope,
  type ReceiptTable,
} from '../index/receipts.ts'
import { indexObjectKey } from '../layout/keys.ts'
import { storeReadsAtOnce } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { hexOf } from '../span/trace-id.ts'
import type { IndexCache } from './index-cache.ts'
import { mapAtOnce } from './map-at-once.ts'
import { MissingObject } from './missing-object.ts'

/** By envelope id in hex: the ordinals whose spans the compacted files hold. */
export type AbsorbedEnvelopes = ReadonlyMap<string, Ordinals>

const hourMs = 3_600_000

/** A client's retry is received later than what it repeats; either of the two may be compacted first. */
const hoursAround = 2

/**
 * What a manifest's receipts say of these envelopes. Only the receipts of the hours around their receipt are asked, by
 * their filters first: what comes later than that still counts as a repeat in a different body.
 */
export async function absorbedEnvelopes(
  manifest: Manifest,
  envelopes: readonly EnvelopeSpans[],
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: IndexCache,
): Promise<AbsorbedEnvelopes> {
  const byHour = Map.groupBy(envelopes, ({ receivedMs }) => Math.floor(receivedMs / hourMs))
  const asked = manifest.receipts.flatMap((ref) => {
    const hour = Date.parse(`${ref.date}T${ref.hour}:00:00Z`) / hourMs
    const near = [...byHour].filter(([other]) => Math.abs(other - hour) <= hoursAround)
    return near.length === 0
      ? []
      : [{ ref, ids: near.flatMap(([, some]) => some.map(({ id }) => id)) }]
  })
  const found = new Map<string, Ordinals>()
  await mapAtOnce(asked, storeReadsAtOnce, async ({ ref, ids }) => {
    const filter = await readFilter(manifest, ref, runtime, cache)
    const held = ids.filter((id) => mightHoldEnvelope(filter, id))
    if (held.length === 0) return
    const table = await readReceipts(manifest, ref, runtime, cache)
    for (const id of held) {
      const ordinals = table.find(id)
      const hex = hexOf(id)
      if (ordinals !== undefined) found.set(hex, addOrdinals(found.get(hex) ?? [], ordinals))
    }
  })
  return found
}

async function readFilter(
  manifest: Manifest,
  ref: ReceiptsRef,
  { store }: Pick<Runtime, 'store'>,
  cache: IndexCache,
) {
  const key = indexObjectKey({ ...manifest, kind: 'receipts', ...ref })
  return cache.get(`${key} filter`, async () => {
    const stored = await store.get(key, { offset: 0, length: ref.filterBytes })
    if (stored === undefined) throw new MissingObject(key)
    return { value: decodeReceiptsFilter(stored.body, key), bytes: stored.body.length }
  })
}

export async function readReceipts(
  manifest: Manifest,
  ref: ReceiptsRef,
  { store }: Pick<Runtime, 'store'>,
  cache: IndexCache,
): Promise<ReceiptTable> {
  const key = indexObjectKey({ ...manifest, kind: 'receipts', ...ref })
  return cache.get(key, async () => {
    const stored = await store.get(key)
    if (stored === undefined) throw new MissingObject(key)
    return { value: decodeReceipts(stored.body, key), bytes: stored.body.length * 2 }
  })
}
