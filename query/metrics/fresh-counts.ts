import { fixedColumns as c } from '../../src/layout/columns.ts'
import { countOnce, type EnvelopeCount } from '../../src/lookup/count-once.ts'
import { absorbedEnvelopes } from '../../src/snapshot/absorbed-envelopes.ts'
import type { FreshFile } from '../../src/snapshot/with-snapshot.ts'
import type { GroupTable } from '../search/group-table.ts'
import { orTrouble } from '../search/or-trouble.ts'
import type { GroupToScan } from '../search/scan-groups.ts'
import { knownSpans, spanPaths } from './known-spans.ts'
import type { MetricsReading } from './metrics-reading.ts'

/** Which rows of fresh files count (DESIGN §4): those of span files all do. */
export interface FreshCounts {
  /** False when no row of the file counts. */
  readonly mightCount: (key: string) => boolean
  /** Undefined when every row of the file counts. */
  readonly of: (key: string) => CountedFile | undefined
}

export interface CountedFile {
  /** What `rowTest` reads of a row group. */
  readonly paths: readonly string[]
  /** Throws `MissingObject`. */
  readonly rowTest: (group: GroupToScan, table: GroupTable) => Promise<(row: number) => boolean>
}

/**
 * An envelope that came twice lies in several files: a row counts in the compacted ones, else in the first fresh file that
 * holds it. Where files hold different parts of one envelope, rows are told apart by their spans.
 */
export async function freshCounts(reading: MetricsReading): Promise<FreshCounts> {
  const { snapshot, runtime, cache, troubles } = reading
  const { manifest, files } = snapshot
  const envelopes = files.flatMap(({ tail }) => tail.contents.envelopes)
  const absorbed = await orTrouble(troubles, 'receipts', () =>
    absorbedEnvelopes(manifest, envelopes, runtime, cache.index),
  )
  const rules = { absorbed: absorbed ?? new Map(), expiredMs: manifest.expiredMs }
  const kinds = countOnce(files, rules)
  const byKey = new Map(
    files.map((file, place) => [file.key, { file, counts: kinds[place] ?? [] }]),
  )
  return {
    mightCount: (key) => byKey.get(key)?.counts.some(({ kind }) => kind !== 'none') ?? true,
    of(key) {
      const known = byKey.get(key)
      if (known === undefined || known.counts.every(({ kind }) => kind === 'all')) return undefined
      return countedFile(known.file, known.counts, reading)
    },
  }
}

function countedFile(
  file: FreshFile,
  counts: readonly EnvelopeCount[],
  reading: MetricsReading,
): CountedFile {
  const isPartial = counts.some(({ kind }) => kind === 'some')
  if (!isPartial) {
    const isCounted = counts.map(({ kind }) => kind === 'all')
    return {
      paths: [c.envelope],
      rowTest:
        async (_, { envelope }) =>
        (row) =>
          isCounted[envelope(row)] === true,
    }
  }
  return {
    paths: [c.envelope, ...spanPaths],
    async rowTest({ group: { rows } }, table) {
      const known = await knownSpans(file, counts, { table, rows }, reading)
      return (row) => {
        const place = table.envelope(row)
        const kind = counts[place]?.kind
        return kind === 'all' || (kind === 'some' && !known(row, place))
      }
    },
  }
}
