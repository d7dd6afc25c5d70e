import type { EnvelopeSpans } from '../index/envelope-spans.ts'
import type { Manifest, ReceiptsRef } from '../index/manifest.ts'
import { ordinalsOf } from '../index/ordinals.ts'
import { encodeReceipts, type Receipt } from '../index/receipts.ts'
import { hourOf, indexObjectKey, objectName } from '../layout/keys.ts'
import type { Runtime } from '../runtime.ts'

const hourMs = 3_600_000

/** Puts receipts for envelopes whose spans a merge absorbs, an object for each hour of receipt. */
export async function putReceipts(
  envelopes: readonly EnvelopeSpans[],
  base: Manifest,
  runtime: Runtime,
): Promise<ReceiptsRef[]> {
  const byHour = Map.groupBy(envelopes, ({ receivedMs }) => Math.floor(receivedMs / hourMs))
  const refs: ReceiptsRef[] = []
  for (const [hour, spans] of byHour) {
    const receipts = spans.map((each) => ({ id: each.id, ordinals: ordinalsOf(each) }))
    refs.push(await putReceiptsObject(hourOf(hour * hourMs), receipts, base, runtime))
  }
  return refs
}

export async function putReceiptsObject(
  { date, hour }: { readonly date: string; readonly hour: string },
  receipts: readonly Receipt[],
  { tenant, region, number }: Manifest,
  { store, random }: Pick<Runtime, 'store' | 'random'>,
): Promise<ReceiptsRef> {
  const { bytes, filterBytes } = encodeReceipts(receipts)
  const name = objectName(number, random.bytes(8))
  const key = indexObjectKey({ tenant, region, kind: 'receipts', date, hour, name })
  await store.put(key, bytes, { kind: 'overwrite' })
  return { date, hour, name, bytes: bytes.length, filterBytes }
}

/** In the order that a manifest has them. */
export function sortReceipts(refs: readonly ReceiptsRef[]): ReceiptsRef[] {
  const placeOf = ({ date, hour, name }: ReceiptsRef) => `${date}-${hour} ${name}`
  return refs.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
}
