/**
 * What `work` resolves to, or a rejection with `late()` after `ms`. The work goes on and may still succeed. A timer of
 * the platform and not the runtime's clock: that one may be stepped by hand, and nobody may wait for ever meanwhile.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}
