import { expect, test } from 'vitest'
import { waitingLine } from '../../../query/waiting-line.ts'

const hour = 3_600_000

function lineOf(inside: number, waiting: number, waitMs: number) {
  return waitingLine('questions', { inside, waiting, waitMs })
}

test('so many are inside at once, and others follow in the order that they came', async () => {
  const line = lineOf(2, 10, hour)
  const order: string[] = []
  const enter = async (name: string) => {
    const leave = await line.enter(undefined)
    order.push(name)
    return leave
  }
  const [leaveA, leaveB] = [await enter('a'), await enter('b')]
  const [c, d] = [enter('c'), enter('d')]
  expect(order).toEqual(['a', 'b'])
  leaveB()
  await c
  leaveA()
  await d
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})

test('who leaves twice makes room once', async () => {
  const line = lineOf(1, 10, hour)
  const leave = await line.enter(undefined)
  leave()
  leave()
  await line.enter(undefined)
  const third = line.enter(AbortSignal.timeout(1))
  await expect(third).rejects.toMatchObject({ kind: 'unavailable' })
})

test('so many wait, and one more is sent away', async () => {
  const line = lineOf(1, 1, hour)
  const leave = await line.enter(undefined)
  const second = line.enter(undefined)
  await expect(line.enter(undefined)).rejects.toMatchObject({ kind: 'throttled' })
  leave()
  await expect(second).resolves.toBeTypeOf('function')
})

test('who gives up, or has waited too long, is in nobody’s way', async () => {
  const line = lineOf(1, 1, 1)
  const leave = await line.enter(undefined)
  await expect(line.enter(AbortSignal.abort())).rejects.toThrow(/client has given up/)
  await expect(line.enter(undefined)).rejects.toThrow(/have not ended within/)
  leave()
  await expect(line.enter(undefined)).resolves.toBeTypeOf('function')
})
