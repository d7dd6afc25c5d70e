import { textOrder } from '../traceql/compare-values.ts'

/** How often one service called another. */
export interface Dependency {
  readonly parent: string
  readonly child: string
  readonly calls: number
}

/** Calls by pairs of services, as many pairs as there may be. */
export interface CallSums {
  readonly add: (parent: string, child: string, calls: number) => void
  /** What was added, by parent and then child. */
  readonly all: () => readonly Dependency[]
  /** A pair was left out. */
  readonly isFull: () => boolean
}

export function callSums(pairsMax = Number.POSITIVE_INFINITY): CallSums {
  const sums = new Map<string, Map<string, number>>()
  let pairs = 0
  let isFull = false
  return {
    add(parent, child, calls) {
      const children = sums.get(parent)
      const known = children?.get(child)
      if (known === undefined && ++pairs > pairsMax) {
        isFull = true
        return
      }
      if (children === undefined) sums.set(parent, new Map([[child, calls]]))
      else children.set(child, (known ?? 0) + calls)
    },
    all() {
      const all = [...sums].flatMap(([parent, children]) =>
        Array.from(children, ([child, calls]) => ({ parent, child, calls })),
      )
      return all
        .filter(({ calls }) => calls > 0)
        .sort((a, b) => textOrder(a.parent, b.parent) || textOrder(a.child, b.child))
    },
    isFull: () => isFull,
  }
}
