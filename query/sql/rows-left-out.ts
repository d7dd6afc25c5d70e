import { compactedRows } from '../../src/lookup/compacted-rows.ts'
import { countOnce } from '../../src/lookup/count-once.ts'
import { identityOf } from '../../src/lookup/dedupe-spans.ts'
import { readRows } from '../../src/lookup/read-rows.ts'
import type { ReadSpan } from '../../src/press/read-spans.ts'
import type { Runtime } from '../../src/runtime.ts'
import { absorbedEnvelopes } from '../../src/snapshot/absorbed-envelopes.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { FreshFile, Snapshot } from '../../src/snapshot/with-snapshot.ts'
import { bytesOfHex, hexOf } from '../../src/span/trace-id.ts'

/** Rows of a fresh file that do not count. */
export interface RowsLeftOut {
  /** Places in its list of the envelopes whose rows are all held elsewhere, or are expired. */
  readonly envelopes: readonly number[]
  /** Numbers of single rows in the file, where only some of an envelope's are held elsewhere. */
  readonly rows: readonly number[]
}

/**
 * What makes counts exact under redelivery (DESIGN §4), for those fresh files of a snapshot that `isAsked`: by key, where
 * anything is left out at all. Throws `MissingObject`, kind `corrupt`.
 */
export async function rowsLeftOut(
  { manifest, files }: Snapshot,
  isAsked: (key: string) => boolean,
  runtime: Pick<Runtime, 'store' | 'codec'>,
  cache: ReadCache,
): Promise<ReadonlyMap<string, RowsLeftOut>> {
  const asked = files.filter(({ key }) => isAsked(key))
  const envelopes = asked.flatMap(({ tail }) => tail.contents.envelopes)
  const absorbed = await absorbedEnvelopes(manifest, envelopes, runtime, cache.index)
  const counts = countOnce(files, { absorbed, expiredMs: manifest.expiredMs })
  const found = new Map<string, RowsLeftOut>()
  for (const [i, file] of files.entries()) {
    const of = counts[i] ?? []
    if (!isAsked(file.key) || of.every(({ kind }) => kind === 'all')) continue
    const none = of.flatMap(({ kind }, place) => (kind === 'none' ? [place] : []))
    const partly = new Map(
      of.flatMap((count, place) => (count.kind === 'some' ? [[place, count] as const] : [])),
    )
    const rows =
      partly.size === 0 ? [] : await partlyHeld(file, partly, { manifest, runtime, cache })
    found.set(file.key, { envelopes: none, rows })
  }
  return found
}

interface Holders {
  readonly earlier: readonly FreshFile[]
  readonly inCompacted: boolean
}

interface Reading {
  readonly manifest: Snapshot['manifest']
  readonly runtime: Pick<Runtime, 'store' | 'codec'>
  readonly cache: ReadCache
}

/** Rows do not tell their ordinals: each is looked for by what it is, where its envelope is held in part. */
async function partlyHeld(
  file: FreshFile,
  partly: ReadonlyMap<number, Holders>,
  { manifest, runtime, cache }: Reading,
): Promise<number[]> {
  const rows = await allRows(file, runtime)
  const earlier = new Map<string, readonly ReadSpan[]>()
  for (const other of new Set([...partly.values()].flatMap((holders) => holders.earlier))) {
    earlier.set(other.key, await allRows(other, runtime))
  }
  const leftOut: number[] = []
  for (const [place, holders] of partly) {
    const id = hexOf(file.tail.contents.envelopes[place]?.id ?? new Uint8Array(0))
    const names = new Set<string>()
    for (const other of holders.earlier) {
      const { envelopes } = other.tail.contents
      for (const row of earlier.get(other.key) ?? []) {
        const of = envelopes[row.envelope]
        if (of !== undefined && hexOf(of.id) === id) names.add(nameOf(row))
      }
    }
    const own = [...rows.entries()].filter(([, { envelope }]) => envelope === place)
    if (holders.inCompacted) {
      for (const trace of new Set(own.map(([, { span }]) => hexOf(span.traceId)))) {
        const spans = await compactedRows(manifest, bytesOfHex(trace), runtime, cache.index)
        for (const span of spans) names.add(`${trace}/${identityOf(span)}`)
      }
    }
    for (const [number, row] of own) if (names.has(nameOf(row))) leftOut.push(number)
  }
  return leftOut.sort((a, b) => a - b)
}

function allRows(file: FreshFile, runtime: Pick<Runtime, 'store' | 'codec'>): Promise<ReadSpan[]> {
  return readRows(file, { from: 0, to: file.tail.rows }, runtime)
}

function nameOf({ span }: ReadSpan): string {
  return `${hexOf(span.traceId)}/${identityOf(span)}`
}
