import type { Manifest, ReceiptsRef } from '../index/manifest.ts'
import type { Receipt } from '../index/receipts.ts'
import { receiptsPerHourMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { readReceipts } from '../snapshot/absorbed-envelopes.ts'
import { commitManifest } from '../snapshot/commit-manifest.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { putReceiptsObject, sortReceipts } from './put-receipts.ts'

/** Joins the receipts of the hours that have many objects, one object an hour. Whether it committed anything. */
export async function foldReceipts(
  base: Manifest,
  runtime: Runtime,
  cache: ReadCache,
): Promise<boolean> {
  const hours = Map.groupBy(base.receipts, ({ date, hour }) => `${date}-${hour}`)
  const many = [...hours.values()].filter((refs) => refs.length > receiptsPerHourMax)
  if (many.length === 0) return false
  const folded: { from: readonly ReceiptsRef[]; to: ReceiptsRef }[] = []
  for (const refs of many) {
    const receipts: Receipt[] = []
    for (const ref of refs) {
      receipts.push(...(await readReceipts(base, ref, runtime, cache.index)).all())
    }
    const [hour] = refs as [ReceiptsRef]
    folded.push({ from: refs, to: await putReceiptsObject(hour, receipts, base, runtime) })
  }
  const committed = await commitManifest(base, runtime, cache.index, async (on) => {
    const named = new Set(on.receipts.map(({ name }) => name))
    const inputs = folded.flatMap(({ from }) => from.map(({ name }) => name))
    if (inputs.some((name) => !named.has(name))) return undefined
    const goes = new Set(inputs)
    const stays = on.receipts.filter(({ name }) => !goes.has(name))
    return { ...on, receipts: sortReceipts([...stays, ...folded.map(({ to }) => to)]) }
  })
  return committed !== undefined
}
