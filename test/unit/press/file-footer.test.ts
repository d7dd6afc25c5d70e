import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFileColumns } from '../../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../../src/press/file-footer.ts'
import { arbitrarySpans } from './arbitrary-spans.ts'
import { freshInput } from './merged-files.ts'

const { bytes: file } = freshInput(fc.sample(arbitrarySpans, { numRuns: 1, seed: 3 })[0]!)

test('a footer asks for exactly the bytes it needs', () => {
  const first = decodeFooterSuffix(new Uint8Array(0), file.length)
  expect(first).toEqual({ kind: 'needs-more', suffixBytes: 8 })
  const second = decodeFooterSuffix(file.subarray(file.length - 8), file.length)
  if (!('kind' in second)) throw new Error('8 bytes are no footer')
  const { suffixBytes } = second
  expect(decodeFooterSuffix(file.subarray(file.length - suffixBytes + 1), file.length)).toEqual(
    second,
  )
  const footer = decodeFooterSuffix(file.subarray(file.length - suffixBytes), file.length)
  expect(footer).toMatchObject({ groups: [{}] })
})

test('what is no footer is corrupt', () => {
  const noMagic = file.slice()
  noMagic[file.length - 1] = 0
  expect(() => decodeFooterSuffix(noMagic, file.length)).toThrow('must end in PAR1')
  const tooLong = file.slice()
  tooLong[file.length - 5] = 0xff
  expect(() => decodeFooterSuffix(tooLong, file.length)).toThrow(/claims \d+ bytes of/)
  expect(() => decodeFooterSuffix(file, file.length - 1)).toThrow('must be within')
})

const columns = (own: unknown, rest: unknown) =>
  readFileColumns(
    new Map([
      ['spanlake.columns', JSON.stringify(own)],
      ['spanlake.rest', JSON.stringify(rest)],
    ]),
  )

test('columns without values are not columns that rows have', () => {
  const own = [
    ['span_a', 'span', 'a', 'string', 3],
    ['span_b', 'span', 'b', 'string', 0],
  ]
  expect(columns(own, 'any')).toEqual({
    own: [{ scope: 'span', key: 'a', type: 'string', count: 3 }],
    rest: 'any',
  })
})

test.each([
  ['no list', {}, []],
  ['no counts', [['span_a', 'span', 'a', 'string']], []],
  ['a count below zero', [['span_a', 'span', 'a', 'string', -1]], []],
  ['an unknown scope', [], [['trace', 'a', 'string', 1]]],
  ['an unknown type', [], [['span', 'a', 'text', 1]]],
  ['another word', [], 'some'],
])('columns with %s are corrupt', (_, own, rest) => {
  expect(() => columns(own, rest)).toThrow('spanlake.')
})
