import { expect, test } from 'vitest'
import { mapAtOnce } from '../../../src/snapshot/map-at-once.ts'

test('results come in the order of the items, with at most so many under way', async () => {
  let underWay = 0
  let most = 0
  const results = await mapAtOnce([5, 1, 4, 2, 3], 2, async (turns) => {
    most = Math.max(most, ++underWay)
    for (let i = 0; i < turns; i++) await Promise.resolve()
    underWay--
    return turns * 10
  })
  expect(results).toEqual([50, 10, 40, 20, 30])
  expect(most).toBe(2)
})

test('after a failure nothing more is begun', async () => {
  const begun: number[] = []
  const work = mapAtOnce([1, 2, 3, 4, 5, 6], 2, async (item) => {
    begun.push(item)
    await Promise.resolve()
    if (item === 2) throw new Error('broken')
  })
  await expect(work).rejects.toThrow('broken')
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(begun).toEqual([1, 2, 3])
})

test('nothing makes nothing', async () => {
  expect(await mapAtOnce([], 4, async () => 1)).toEqual([])
})
