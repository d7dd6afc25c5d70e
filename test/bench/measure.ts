export interface Effort {
  /** How often each thing is measured; the median counts. */
  readonly runs: number
  /** Multiplies the amount of data. */
  readonly scale: number
}

export const fullEffort: Effort = { runs: 7, scale: 1 }
/** Enough to see that everything still runs; its figures mean little. */
export const quickEffort: Effort = { runs: 1, scale: 0.1 }

/** Units a second, the median over the runs; `work` returns how many units it did. */
export async function rateOf(
  { runs }: Effort,
  work: () => number | Promise<number>,
): Promise<number> {
  await work() // compiles, fills caches
  const rates: number[] = []
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now()
    const units = await work()
    rates.push((units * 1_000) / (performance.now() - startMs))
  }
  return quantile(rates, 0.5)
}

/** Two rates measured turn by turn, so that a busy moment of the machine falls on both. */
export async function ratesOf(
  effort: Effort,
  ours: () => number | Promise<number>,
  baseline: () => number | Promise<number>,
): Promise<[ours: number, baseline: number]> {
  const [ourRates, theirRates]: [number[], number[]] = [[], []]
  const once = { ...effort, runs: 1 }
  for (let run = 0; run < effort.runs; run++) {
    ourRates.push(run === 0 ? await rateOf(once, ours) : await timed(ours))
    theirRates.push(run === 0 ? await rateOf(once, baseline) : await timed(baseline))
  }
  return [quantile(ourRates, 0.5), quantile(theirRates, 0.5)]
}

async function timed(work: () => number | Promise<number>): Promise<number> {
  const startMs = performance.now()
  const units = await work()
  return (units * 1_000) / (performance.now() - startMs)
}

/** The value below which this share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
