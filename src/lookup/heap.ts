/** Gives back what was put in, the first by `compare` first. */
export interface Heap<T> {
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
}

export function heap<T>(compare: (a: T, b: T) => number): Heap<T> {
  const items: T[] = []
  const isBefore = (a: number, b: number) => compare(items[a] as T, items[b] as T) < 0
  const swap = (a: number, b: number): void => {
    const item = items[a] as T
    items[a] = items[b] as T
    items[b] = item
  }
  const sink = (): void => {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let first = at
      if (left < items.length && isBefore(left, first)) first = left
      if (right < items.length && isBefore(right, first)) first = right
      if (first === at) return
      swap(at, first)
      at = first
    }
  }
  return {
    push(item) {
      items.push(item)
      for (let at = items.length - 1; at > 0; ) {
        const above = (at - 1) >> 1
        if (!isBefore(at, above)) return
        swap(at, above)
        at = above
      }
    },
    peek: () => items[0],
    pop() {
      const [first] = items
      const last = items.pop() as T
      if (items.length > 0) {
        items[0] = last
        sink()
      }
      return first
    },
  }
}
