import { mergeFilesMax, mergeHeldBytesMax, mergeRowsMax, spanFileBytesMax } from '../limits.ts'

export interface InputSize {
  /** Of the whole file. */
  readonly bytes: number
  /** What of the file stays in memory for the whole merge. */
  readonly heldBytes?: number
  readonly groups: readonly InputGroupSize[]
}

export interface InputGroupSize {
  readonly bytes: number
  readonly rows: number
}

// Measured as the rise of a process's peak with merges of 5 to 100 inputs: `bench compact`.
const heldGroupBytes = 400 * 1024
const heldRowBytes = 450
/** Decoded, of long texts: where they outweigh the rows. */
const heldBytesPerByte = 8

/**
 * As many of the first as one merge may read and hold: it decodes one row group of each at a time, and keeps all that it
 * writes. The first always fits, since a row group has bounds of its own.
 */
export function fittingInputs<T>(
  inputs: readonly T[],
  sizeOf: (input: T) => InputSize,
): readonly T[] {
  let [bytes, heldBytes, rows] = [0, 0, 0]
  const end = inputs.findIndex((input, i) => {
    const size = sizeOf(input)
    bytes += size.bytes
    rows += size.groups.reduce((sum, group) => sum + group.rows, 0)
    const groupBytes = size.groups.reduce((most, group) => Math.max(most, heldBytesOf(group)), 0)
    heldBytes += (size.heldBytes ?? 0) + groupBytes
    const isTooMuch = bytes > spanFileBytesMax || bytes + heldBytes > mergeHeldBytesMax
    return i > 0 && (i >= mergeFilesMax || rows > mergeRowsMax || isTooMuch)
  })
  return end < 0 ? inputs : inputs.slice(0, end)
}

function heldBytesOf({ bytes, rows }: InputGroupSize): number {
  return heldGroupBytes + Math.max(rows * heldRowBytes, bytes * heldBytesPerByte)
}
