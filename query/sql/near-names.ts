const suggestionsMax = 5

/** Names that somebody may have meant, the likeliest first: in the same letters, with the same end, or a few letters off. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  return names
    .map((one) => ({ one, far: distance(wanted, one.toLowerCase()) }))
    .filter(({ far }) => far <= Math.max(2, wanted.length / 4))
    .sort((a, b) => a.far - b.far || (a.one < b.one ? -1 : 1))
    .slice(0, suggestionsMax)
    .map(({ one }) => one)
}

/** Letters to change; one for a scope or a type left out. */
function distance(wanted: string, name: string): number {
  if (name.endsWith(`.${wanted}`) || name.startsWith(`${wanted}:`)) return 1
  if (Math.abs(wanted.length - name.length) > wanted.length / 4 + 2) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: name.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...wanted].entries()) {
    const next = [i + 1]
    for (let j = 0; j < name.length; j++) {
      const change = (row[j] ?? 0) + (name[j] === letter ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
