import { SpanlakeError } from '../../src/errors.ts'
import { metricsPointsMax } from '../../src/limits.ts'

/** What a metrics query asks about, in unix nanoseconds. */
export interface MetricsRange {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly stepNs: bigint
  /** One value for the whole range; the step does not matter then. */
  readonly isInstant: boolean
}

/** The range cut into intervals that end at multiples of the step: a span belongs to the one that its start lies in. */
export interface StepIntervals {
  readonly count: number
  readonly stepSeconds: number
  /** The interval's number; -1 for what starts outside of the range. */
  readonly indexOf: (ns: bigint) => number
  /** The time that stands for the interval: its end. */
  readonly timestampNs: (index: number) => bigint
  /** All of them together: starts in [fromNs, toNs). */
  readonly range: { readonly fromNs: bigint; readonly toNs: bigint }
  /** The same as `indexOf` by the distance from `fromNs`: exact as long as that is. */
  readonly indexOfDistance: (ns: number) => number
}

/**
 * Intervals as Tempo has them: without their start and with their end, from the step at or before the range's start to the
 * one at or after its end. Throws `invalid` for a range that is none or has too many.
 */
export function stepIntervals({ startNs, endNs, stepNs, isInstant }: MetricsRange): StepIntervals {
  if (startNs < 0n || endNs <= startNs) {
    throw new SpanlakeError('invalid', `metrics end must be after the start, got ${endNs}`)
  }
  if (isInstant) return wholeRange(startNs, endNs)
  if (stepNs <= 0n)
    throw new SpanlakeError('invalid', `metrics step must be positive, got ${stepNs}`)
  const firstNs = startNs - (startNs % stepNs)
  const points = (endNs - firstNs + stepNs - 1n) / stepNs
  if (points > BigInt(metricsPointsMax)) {
    const rule = `metrics range must have at most ${metricsPointsMax} steps`
    throw new SpanlakeError('invalid', `${rule}, got ${points}`)
  }
  const lastNs = firstNs + points * stepNs
  return {
    count: Number(points),
    stepSeconds: Number(stepNs) / 1e9,
    indexOf: (ns) => (ns <= firstNs || ns > lastNs ? -1 : Number((ns - firstNs - 1n) / stepNs)),
    timestampNs: (index) => firstNs + BigInt(index + 1) * stepNs,
    range: { fromNs: firstNs + 1n, toNs: lastNs + 1n },
    indexOfDistance: distanceIndex(Number(lastNs - firstNs), Number(stepNs)),
  }
}

/** Both ends belong to it. */
function wholeRange(startNs: bigint, endNs: bigint): StepIntervals {
  return {
    count: 1,
    stepSeconds: Number(endNs - startNs) / 1e9,
    indexOf: (ns) => (ns < startNs || ns > endNs ? -1 : 0),
    timestampNs: () => endNs,
    range: { fromNs: startNs, toNs: endNs + 1n },
    indexOfDistance: distanceIndex(Number(endNs - startNs) + 1, Number(endNs - startNs) + 1),
  }
}

function distanceIndex(lengthNs: number, stepNs: number): (ns: number) => number {
  return (ns) => (ns >= 0 && ns < lengthNs ? Math.floor(ns / stepNs) : -1)
}

/**
 * The range from step to step, and one step more in front, so that a point stands at the start too: the same query, asked a
 * little later, gets the same intervals.
 */
export function alignedRange(range: MetricsRange): MetricsRange {
  const { startNs, endNs, stepNs, isInstant } = range
  if (isInstant || stepNs <= 0n) return range
  const alignedNs = startNs - (startNs % stepNs)
  const overNs = endNs % stepNs
  return {
    ...range,
    startNs: alignedNs > stepNs ? alignedNs - stepNs : alignedNs,
    endNs: overNs === 0n ? endNs : endNs + stepNs - overNs,
  }
}

const second = 1_000_000_000n
const minute = 60n * second

/** The step of a query that names none: about 240 of them, a multiple of a unit that people use. */
export function defaultStepNs(startNs: bigint, endNs: bigint): bigint {
  const rangeNs = endNs - startNs
  const exactNs = rangeNs / 240n
  if (rangeNs < minute) return exactNs > least ? exactNs : least
  const unit = units.find((one) => exactNs > one) ?? second
  const rounded = exactNs - (exactNs % unit)
  return rounded > second ? rounded : second
}

const least = 50_000_000n
const units = [60n * minute, 5n * minute, minute, 15n * second, 5n * second, second]
