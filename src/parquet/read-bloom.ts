import { blockOf, saltedBit, wordsPerBlock } from './bloom.ts'
import { ByteReader, corrupt } from './byte-reader.ts'
import { readInt, readStruct } from './thrift.ts'
import { xxhash64 } from './xxhash64.ts'

/** A filter as it lies in a file, its header in front. False: the value, PLAIN without length, is not in the column. */
export function readBloomFilter(bytes: Uint8Array, name: string): (plain: Uint8Array) => boolean {
  const reader = new ByteReader(bytes, name)
  let filterBytes = -1
  readStruct(reader, (id, type) => {
    if (id !== 1) return false
    filterBytes = readInt(reader, type)
    return true
  })
  if (filterBytes <= 0 || filterBytes % (wordsPerBlock * 4) !== 0) {
    throw corrupt(name, `must be whole blocks, claims ${filterBytes} bytes`)
  }
  const words = new Uint32Array(reader.take(filterBytes).slice().buffer)
  const blocks = words.length / wordsPerBlock
  return (plain) => {
    const { high, low } = xxhash64(plain, 0, plain.length)
    const block = blockOf(high, blocks) * wordsPerBlock
    for (let word = 0; word < wordsPerBlock; word++) {
      if (((words[block + word] ?? 0) & saltedBit(low, word)) === 0) return false
    }
    return true
  }
}
