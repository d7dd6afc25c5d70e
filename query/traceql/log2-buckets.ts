/**
 * The power of two at or above an integer, as Tempo buckets counts and nanoseconds, by its exponent; undefined below 2, which
 * Tempo leaves out. Of a float: any positive one.
 */
export function bucketExponent(value: bigint | number): number | undefined {
  if (typeof value === 'bigint') return value < 2n ? undefined : (value - 1n).toString(2).length
  if (!(value > 0) || value === Number.POSITIVE_INFINITY) return undefined
  const exponent = Math.ceil(Math.log2(value))
  // The logarithm of a value right beside a power of two is that power's.
  return 2 ** exponent < value ? exponent + 1 : exponent
}

/** How many values lie in a bucket, which is named by its upper end. */
export interface Bucket {
  readonly max: number
  readonly count: number
}

/**
 * The value below which such a part of the values lies, as Tempo guesses it: within a bucket the values are spread evenly
 * over the exponents. Buckets are ascending; 0 without values.
 */
export function quantileOf(quantile: number, buckets: readonly Bucket[]): number {
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  if (total === 0) return 0
  const wanted = Math.max(1, Math.ceil(quantile * total))
  let below = 0
  let previous: Bucket | undefined
  for (const bucket of buckets) {
    if (below + bucket.count === wanted) return bucket.max
    if (below + bucket.count > wanted) {
      const high = Math.log2(bucket.max)
      const low = previous === undefined ? high - 1 : Math.log2(previous.max)
      return 2 ** (low + ((high - low) * (wanted - below)) / bucket.count)
    }
    below += bucket.count
    previous = bucket
  }
  return previous?.max ?? 0
}
