/**
 * The first of the four 32-bit words of trace ids in which any two differ, 3 when none do: what to sort by first. Ids of
 * 64 bits behind zeros are alike in words 0 and 1. `wordOf` gives word `word` of id `i`.
 */
export function differingWord(count: number, wordOf: (i: number, word: number) => number): number {
  for (let word = 0; word < 3; word++) {
    for (let i = 1; i < count; i++) if (wordOf(i, word) !== wordOf(0, word)) return word
  }
  return 3
}
