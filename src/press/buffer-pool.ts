/** Takes and gives back memory, in place of leaving it to the collector. */
export interface BufferPool {
  /** At least `bytes` long; what it holds is left from before. */
  take(bytes: number): ArrayBuffer
  /** Nobody may look at it any more. */
  give(buffer: ArrayBuffer): void
}

/** Sizes go up in these steps, so that what was of one row group fits the next. */
const stepBytes = 16 * 1024
const keptBytesMax = 8 * 1024 * 1024

/**
 * Buffers that live as long as a row group is held are old to the collector when they go, and it lets tens of megabytes
 * of them gather before it looks there.
 */
export function bufferPool(): BufferPool {
  const free: ArrayBuffer[] = []
  let freeBytes = 0
  const remove = (at: number): ArrayBuffer => {
    const [buffer] = free.splice(at, 1) as [ArrayBuffer]
    freeBytes -= buffer.byteLength
    return buffer
  }
  return {
    take(bytes) {
      let best = -1
      for (const [at, { byteLength }] of free.entries()) {
        if (byteLength < bytes || byteLength > bytes * 2 + stepBytes) continue
        if (best < 0 || byteLength < (free[best] as ArrayBuffer).byteLength) best = at
      }
      if (best >= 0) return remove(best)
      return new ArrayBuffer(Math.ceil(Math.max(bytes, 1) / stepBytes) * stepBytes)
    },
    give(buffer) {
      free.push(buffer)
      freeBytes += buffer.byteLength
      while (freeBytes > keptBytesMax) remove(0)
    },
  }
}
