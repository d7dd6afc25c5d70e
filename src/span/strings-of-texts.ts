import type { Strings } from './span-batch.ts'

const encoder = new TextEncoder()

/** Texts as a table: string i is text i. */
export function stringsOfTexts(texts: readonly string[]): Strings {
  const encoded = texts.map((text) => encoder.encode(text))
  const starts = new Uint32Array(texts.length + 1)
  for (const [i, { length }] of encoded.entries()) starts[i + 1] = starts[i]! + length
  const bytes = new Uint8Array(starts[texts.length]!)
  for (const [i, text] of encoded.entries()) bytes.set(text, starts[i])
  return { count: texts.length, starts, bytes }
}
