import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64Of, parseBase64 } from '../../../src/span/base64.ts'

test('base64 is what Node writes, and is read back in every spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = base64Of(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_')
      for (const spelling of [text, urlSafe, text.replace(/=+$/, ''), urlSafe.replace(/=+$/, '')]) {
        expect(parseBase64(spelling)).toEqual(bytes)
      }
    }),
  )
})

test.each(['A', 'AAAAA', 'A=', '===', 'AA.A', 'AA A', 'żółć'])('%s is not base64', (text) => {
  expect(parseBase64(text)).toBeUndefined()
})
