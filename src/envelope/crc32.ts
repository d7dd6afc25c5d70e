// CRC-32 of gzip and zlib (ISO 3309), table-driven.
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let rest = index
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let rest = 0xffffffff
  for (let i = start; i < end; i++) {
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[i] as number)) & 0xff] as number)
  }
  return (rest ^ 0xffffffff) >>> 0
}
