import { hourNs } from './hour-partitions.ts'

const minuteNs = 60_000_000_000n

/** The first nanosecond of an hour, and where the minutes in it begin. */
export function startOfHourNs({ date, hour }: { date: string; hour: string }): bigint {
  return BigInt(Date.parse(`${date}T${hour}:00:00Z`)) * 1_000_000n
}

/**
 * Which slice of an hour a trace's first start lies in: slices end at `cutMinutes`; one more takes the traces that start
 * in another hour. Where nothing is cut, all go together: or files that hold some of each would be merged into as many
 * again, for ever.
 */
export function minutePartitions(
  hour: { date: string; hour: string },
  cutMinutes: readonly number[],
): { partitions: number; partitionOf: (traceStartNs: bigint) => number } {
  if (cutMinutes.length === 0) return { partitions: 1, partitionOf: () => 0 }
  const beginNs = startOfHourNs(hour)
  const endsNs = [
    ...cutMinutes.map((minute) => beginNs + BigInt(minute) * minuteNs),
    beginNs + hourNs,
  ]
  const outside = endsNs.length
  return {
    partitions: outside + 1,
    partitionOf: (startNs) => {
      if (startNs < beginNs) return outside
      const slice = endsNs.findIndex((endNs) => startNs < endNs)
      return slice < 0 ? outside : slice
    },
  }
}

/** The minutes of an hour in which these traces start, [from, to); the whole hour when one starts outside it. */
export function minutesOf(
  hour: { date: string; hour: string },
  traceStartsNs: BigInt64Array,
): { fromMinute: number; toMinute: number } {
  const beginNs = startOfHourNs(hour)
  let [least, greatest] = [hourNs, -1n]
  for (const startNs of traceStartsNs) {
    const within = startNs - beginNs
    if (within < least) least = within
    if (within > greatest) greatest = within
  }
  if (least < 0n || greatest >= hourNs || greatest < least) return { fromMinute: 0, toMinute: 60 }
  return { fromMinute: Number(least / minuteNs), toMinute: Number(greatest / minuteNs) + 1 }
}
