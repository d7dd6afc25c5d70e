import { readBloomFilter } from '../../src/parquet/read-bloom.ts'
import type { Condition, TimeRange } from '../../src/prune/condition.ts'
import { type ChunkStatistics, groupFacts } from '../../src/prune/group-facts.ts'
import { mightMatch } from '../../src/prune/might-match.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { FileEnd, OpenFile, OpenGroup } from './open-file.ts'
import { readChunks } from './read-chunks.ts'

/**
 * The row groups of a file that may hold spans of the range that the condition is true of: by their statistics, then by
 * their bloom filters, which are read where a value is asked for exactly. Throws `MissingObject`, kind `corrupt`.
 */
export async function pruneGroups(
  file: OpenFile,
  condition: Condition,
  range: TimeRange | undefined,
  runtime: Pick<Runtime, 'store'>,
  end?: FileEnd,
): Promise<readonly OpenGroup[]> {
  const groups = file.groups.filter(
    (group) =>
      (group.starts === undefined || mightOverlap(group.starts, range)) &&
      mightMatch(condition, factsOf(file, group, noFilters)),
  )
  const filters = await readFilters(file, groups, columnsAsked(condition, file), runtime, end)
  if (filters.size === 0) return groups
  return groups.filter((group, place) =>
    mightMatch(
      condition,
      factsOf(file, group, (path) => filters.get(filterName(place, path))),
    ),
  )
}

type Filter = (plain: Uint8Array) => boolean

const noFilters = () => undefined

function factsOf(
  { attributes, columns }: OpenFile,
  { rows, chunks }: OpenGroup,
  filterOf: (path: string) => Filter | undefined,
) {
  const chunk = (path: string): ChunkStatistics | undefined => {
    const place = chunks.get(path)
    if (place === undefined) return undefined
    const { nulls, min, max } = place.known ?? {}
    return { nulls, min, max, mightHold: filterOf(path) }
  }
  return groupFacts({ rows, attributes, chunk, rest: columns.rest })
}

/** The columns of which the condition asks for exactly one value. */
function columnsAsked(condition: Condition, file: OpenFile): string[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap((one) => columnsAsked(one, file))
    case 'attribute': {
      const { scopes, key, test } = condition
      if (test.kind !== 'compare' || test.operator !== '=') return []
      return file.attributes
        .filter((one) => one.key === key && scopes.includes(one.scope))
        .map(({ name }) => name)
    }
    case 'always':
    case 'never':
    case 'column':
      return []
  }
}

/** Filters stand side by side behind all groups: those of a file come in few reads. */
async function readFilters(
  { key }: OpenFile,
  groups: readonly OpenGroup[],
  paths: readonly string[],
  runtime: Pick<Runtime, 'store'>,
  end: FileEnd | undefined,
): Promise<ReadonlyMap<string, Filter>> {
  const places = groups.flatMap(({ chunks }, place) =>
    paths.flatMap((path) => {
      const bloom = chunks.get(path)?.known?.bloom
      return bloom === undefined ? [] : [{ path: filterName(place, path), ...bloom }]
    }),
  )
  const read = await readChunks(key, places, runtime, end)
  return new Map(
    Array.from(read, ([name, bytes]) => [name, readBloomFilter(bytes, `bloom filter of ${key}`)]),
  )
}

function filterName(group: number, path: string): string {
  return `${group} ${path}`
}
