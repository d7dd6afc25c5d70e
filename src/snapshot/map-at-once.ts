/** What `map` makes of each item, in their order, at most `atOnce` under way. After a failure nothing more is begun. */
export async function mapAtOnce<T, R>(
  items: readonly T[],
  atOnce: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const goOn = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      try {
        results[at] = await map(items[at] as T)
      } catch (error) {
        next = items.length
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, goOn))
  return results
}
