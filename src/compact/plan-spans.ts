import type { SpanFile } from '../index/day-list.ts'
import { spanFileBytesMax } from '../limits.ts'
import { fittingInputs } from './fitting-inputs.ts'

export interface SpanMerge {
  /** Of one hour, at least two. */
  readonly files: readonly SpanFile[]
  /** Minutes of the hour at which one output ends and the next begins, ascending; empty: one output. */
  readonly cutMinutes: readonly number[]
}

/** Files of about equal size are merged once there are so many; in an hour that is over, two are enough. */
const filesOfOneSize = 8
const sizeRatio = 4

/**
 * The merge that an hour's span files are worth most, or undefined. An hour that fits into one file becomes one; a
 * busier one is cut into slices of minutes by the traces' first start, so that "the last five minutes" reads five
 * minutes, and a slice that needs several files is cut by id. Files of half the full size and more stay as they are:
 * every span is rewritten a few times and no more. `isOver`: hardly anything will come for this hour any more.
 */
export function planSpans(hourFiles: readonly SpanFile[], isOver: boolean): SpanMerge | undefined {
  const total = hourFiles.reduce((sum, { bytes }) => sum + bytes, 0)
  const small = hourFiles.filter(({ bytes }) => bytes < spanFileBytesMax / 2)
  const width = sliceMinutes(total)
  if (width === 60) return mergeOf(worthMerging(small, isOver), [])
  const slices = Map.groupBy(small, (file) => sliceOf(file, width))
  for (const [slice, files] of slices) {
    const chosen = worthMerging(files, isOver)
    if (chosen.length >= 2) return mergeOf(chosen, slice === 'several' ? cutsOf(width) : [])
  }
  return undefined
}

function mergeOf(files: readonly SpanFile[], cutMinutes: readonly number[]): SpanMerge | undefined {
  return files.length >= 2 ? { files, cutMinutes } : undefined
}

/** The widest slice, a divisor of 60 in minutes, of which one would fill a file or less. */
export function sliceMinutes(hourBytes: number): number {
  const slices = Math.ceil(hourBytes / spanFileBytesMax)
  return [60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2].find((width) => 60 / width >= slices) ?? 1
}

function sliceOf({ fromMinute, toMinute }: SpanFile, width: number): number | 'several' {
  const slice = Math.floor(fromMinute / width)
  return toMinute <= (slice + 1) * width ? slice : 'several'
}

function cutsOf(width: number): number[] {
  return Array.from({ length: 60 / width - 1 }, (_, i) => (i + 1) * width)
}

/** Files to merge into one, of about one size unless the hour is over; fewer than two when none are worth it. */
function worthMerging(files: readonly SpanFile[], isOver: boolean): readonly SpanFile[] {
  const ascending = files.toSorted((a, b) => a.bytes - b.bytes)
  if (isOver) return fittingInputs(ascending, (file) => file)
  for (const [at, { bytes }] of ascending.entries()) {
    const alike = ascending.slice(at).filter((other) => other.bytes <= bytes * sizeRatio)
    const chosen = fittingInputs(alike, (file) => file)
    const isFull = chosen.length < alike.length
    if (chosen.length >= filesOfOneSize || (isFull && chosen.length >= 2)) return chosen
  }
  return []
}
