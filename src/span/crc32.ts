/**
 * CRC-32 as gzip and PNG have it (polynomial 0xedb88320, reflected), eight bytes a step: `tables[k]` says what a byte
 * does to the sum once k more bytes have passed. One byte a step is three times slower, which the door would feel.
 * `before`: the sum of the bytes in front of these.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const { length } = bytes
  let crc = ~before
  let at = 0
  for (; at + 8 <= length; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      table7[crc & 0xff]! ^
      table6[(crc >>> 8) & 0xff]! ^
      table5[(crc >>> 16) & 0xff]! ^
      table4[crc >>> 24]! ^
      table3[bytes[at + 4]!]! ^
      table2[bytes[at + 5]!]! ^
      table1[bytes[at + 6]!]! ^
      table0[bytes[at + 7]!]!
  }
  for (; at < length; at++) crc = table0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

const table0 = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
const table1 = oneByteOn(table0)
const table2 = oneByteOn(table1)
const table3 = oneByteOn(table2)
const table4 = oneByteOn(table3)
const table5 = oneByteOn(table4)
const table6 = oneByteOn(table5)
const table7 = oneByteOn(table6)

/** The table for one more byte behind: what the sums become when a zero byte passes. */
function oneByteOn(table: Int32Array): Int32Array {
  return table.map((crc) => table0[crc & 0xff]! ^ (crc >>> 8))
}
