import { expect, test } from 'vitest'
import type { FreshTail } from '../../../src/press/fresh-tail.ts'
import { freshTailCache } from '../../../src/snapshot/fresh-tail-cache.ts'

const overhead = 1_024 + 32
const tailBytes = 10_000

function tail(bytes = tailBytes): FreshTail {
  return {
    version: 1,
    contents: {
      tenant: 'acme',
      region: 'here',
      stray: false,
      envelopes: [],
      receivedFromMs: 0,
      receivedToMs: 0,
    },
    rows: 0,
    traces: 0,
    startMinNs: 0n,
    startMaxNs: 0n,
    endMaxNs: 0n,
    rowGroups: [],
    filter: { words: new Uint32Array(8) },
    summaries: new Uint8Array(bytes - overhead),
  }
}

const held = (cache: ReturnType<typeof freshTailCache>, keys: readonly string[]) => {
  const pass = cache.pass()
  return keys.filter((key) => pass.get(key) !== undefined)
}

test('exactly the bound fits, and one byte less does not', () => {
  for (const [bytesMax, keys] of [
    [3 * tailBytes, ['a', 'b', 'c']],
    [3 * tailBytes - 1, ['a', 'b']],
  ] as const) {
    const cache = freshTailCache(bytesMax)
    const pass = cache.pass()
    for (const key of ['a', 'b', 'c']) pass.set(key, tail())
    expect(held(cache, ['a', 'b', 'c'])).toEqual(keys)
  }
})

test('a later pass drops what was used least recently', () => {
  const cache = freshTailCache(3 * tailBytes)
  const first = cache.pass()
  for (const key of ['a', 'b', 'c']) first.set(key, tail())
  cache.pass().get('a')
  cache.pass().set('d', tail())
  expect(held(cache, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd'])
})

test('passes over more than fits keep hitting the part that does, instead of pushing each other out', () => {
  const cache = freshTailCache(5 * tailBytes)
  const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
  const hits = Array.from({ length: 3 }, () => {
    const pass = cache.pass()
    return keys.filter((key) => {
      if (pass.get(key)) return true
      pass.set(key, tail())
      return false
    }).length
  })
  expect(hits).toEqual([0, 5, 5])
})

test('the same key again takes its room once', () => {
  const cache = freshTailCache(2 * tailBytes)
  const pass = cache.pass()
  for (let i = 0; i < 5; i++) pass.set('a', tail())
  pass.set('b', tail())
  expect(held(cache, ['a', 'b'])).toEqual(['a', 'b'])
})

test('a tail larger than the whole cache is not held, and drops nothing of this pass', () => {
  const cache = freshTailCache(2 * tailBytes)
  const pass = cache.pass()
  pass.set('a', tail())
  pass.set('huge', tail(9 * tailBytes))
  expect(held(cache, ['a', 'huge'])).toEqual(['a'])
})
