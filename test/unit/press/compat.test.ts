import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { encodeFreshFile } from '../../../src/press/fresh-file.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { batchOfSpans } from './batch-of-spans.ts'
import { contents, normal, readAll, tailOf } from './whole-files.ts'

const golden = new URL('../../golden/compat/', import.meta.url)
const path = new URL('fresh-v1.parquet', golden)
const expectedPath = new URL('fresh-v1.json', golden)

/** Bigints and bytes as text. */
function asJson(value: unknown): unknown {
  const replacer = (_: string, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex')
    if (typeof part === 'number' && !Number.isFinite(part)) return String(part)
    return Object.is(part, -0) ? '-0' : part
  }
  return JSON.parse(JSON.stringify(value, replacer))
}

if (process.env.UPDATE_GOLDEN === '1') {
  const placed = fc.sample(arbitrarySpans, { numRuns: 8, seed: 2_026 }).flat()
  const file = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  writeFileSync(path, file)
  writeFileSync(
    expectedPath,
    `${JSON.stringify(asJson({ contents, spans: readAll(file).map(normal) }))}\n`,
  )
}

test('a file of version 1 reads as it always did (UPDATE_GOLDEN=1 writes a new one: never after a release)', () => {
  const file = new Uint8Array(readFileSync(path))
  const tail = tailOf(file)
  expect(tail.version).toBe(1)
  const expected: unknown = JSON.parse(readFileSync(expectedPath, 'utf8'))
  expect(asJson({ contents: tail.contents, spans: readAll(file).map(normal) })).toEqual(expected)
})
