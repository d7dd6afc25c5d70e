import { expect, test } from 'vitest'
import { runWorld } from './world.ts'

const only = process.env.SPANLAKE_SEED
const first = only === undefined ? 1 : Number(only)
const count = only === undefined ? Number(process.env.SPANLAKE_SEEDS ?? 300) : 1
const chunk = 20

// Chunks, so that a long run shows how far it is.
for (let from = first; from < first + count; from += chunk) {
  const to = Math.min(from + chunk, first + count)
  test(`no acknowledged span is lost or counted twice, seeds ${from} to ${to - 1}`, async () => {
    let acknowledged = 0
    for (let seed = from; seed < to; seed++) {
      const result = await runWorld(seed)
      acknowledged += result.acknowledged
      if (result.violations.length === 0) continue
      const replay = `SPANLAKE_SEED=${seed} npx vitest run --project simulation`
      const lines = only === undefined ? [] : result.events
      expect.fail(
        [`seed ${seed}, again: ${replay}`, ...result.violations.slice(0, 10), ...lines].join('\n'),
      )
    }
    expect(acknowledged).toBeGreaterThan(0)
  })
}

test('a seed decides everything', async () => {
  const [once, again] = [await runWorld(first), await runWorld(first)]
  expect(again).toEqual(once)
})
