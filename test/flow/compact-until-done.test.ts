import { expect, test } from 'vitest'
import { compactUntilDone } from '../../functions/node/compact-until-done.ts'
import { commitAttemptsMax } from '../../src/limits.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import { lookupWorld, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan } from '../helpers/some-span.ts'

async function freshWorld() {
  const world = lookupWorld()
  for (const trace of [1, 2]) {
    const own = { traceId: traceId(trace), startNs: nowNs, endNs: nowNs + 1n }
    await world.flush(world.envelope([someSpan({ service: 'cart', ...own })]))
  }
  return world
}

test('what was merged is counted, and what stands in the end', async () => {
  const { runtime } = await freshWorld()
  const told: number[] = []
  const totals = await compactUntilDone('acme', runtime, ({ rowsAfter }) => told.push(rowsAfter))
  expect(told).toEqual([2])
  expect(totals).toMatchObject({ merges: 1, mergedFilesRead: 2, filesWritten: 1, spansMerged: 2 })
  expect(totals).toMatchObject({ freshFiles: 0, spanFiles: 1, complete: true })
})

test('it gives up when others are faster again and again, and not before', async () => {
  const { runtime, store } = await freshWorld()
  let lost = 0
  // As if each manifest's number were taken by somebody who was swept at once.
  const busy = (times: number): ObjectStore => ({
    ...store,
    async put(key, body, mode) {
      if (!key.includes('/manifest/') || lost >= times) return store.put(key, body, mode)
      lost++
      return { kind: 'conflict' }
    },
  })
  const totals = await compactUntilDone('acme', { ...runtime, store: busy(1e9) }, () => {})
  expect(totals).toMatchObject({ merges: 0, freshFiles: 2, spanFiles: 0, complete: false })
  lost = 0
  const later = await compactUntilDone(
    'acme',
    { ...runtime, store: busy(4 * commitAttemptsMax) },
    () => {},
  )
  expect(later).toMatchObject({ merges: 1, freshFiles: 0, spanFiles: 1, complete: true })
})
