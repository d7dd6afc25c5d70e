import { SpanlakeError } from '../../src/errors.ts'
import type { FileColumns } from '../../src/index/day-list.ts'
import { fixedColumns as c } from '../../src/layout/columns.ts'
import { searchFooterGuessBytes } from '../../src/limits.ts'
import type { ChunkPlace, Footer } from '../../src/parquet/footer.ts'
import {
  type AttributeColumnInfo,
  readAttributeColumns,
  readFileColumns,
} from '../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../src/press/file-footer.ts'
import { plainValue } from '../../src/prune/plain-value.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { IndexCache } from '../../src/snapshot/index-cache.ts'
import { MissingObject } from '../../src/snapshot/missing-object.ts'

/** What a file of spans, fresh or compacted, says of itself at its end. */
export interface OpenFile {
  readonly key: string
  readonly rows: number
  readonly columns: FileColumns
  readonly attributes: readonly AttributeColumnInfo[]
  readonly groups: readonly OpenGroup[]
}

export interface OpenGroup {
  /** Of its first chunk, from the first byte of the file. */
  readonly offset: number
  readonly rows: number
  /** By path. */
  readonly chunks: ReadonlyMap<string, ChunkPlace>
  /** True bounds, signed; undefined where statistics do not tell. */
  readonly starts: { readonly startMinNs: bigint; readonly startMaxNs: bigint } | undefined
}

/** The last bytes of a file as they were read. */
export interface FileEnd {
  readonly offset: number
  readonly bytes: Uint8Array
}

/**
 * Reads a file's footer, or takes it from the cache: then there is no `end`. Throws `MissingObject`, or kind `corrupt`
 * naming the file.
 */
export async function openFile(
  key: string,
  { store }: Pick<Runtime, 'store'>,
  cache: IndexCache,
): Promise<{ readonly file: OpenFile; readonly end?: FileEnd }> {
  let end: FileEnd | undefined
  const file = await cache.get(`${key} footer`, async () => {
    let suffix = searchFooterGuessBytes
    for (let reads = 0; reads < 3; reads++) {
      const stored = await store.get(key, { suffix })
      if (stored === undefined) throw new MissingObject(key)
      const opened = decode(key, stored.body, stored.bytes)
      if (!('kind' in opened)) {
        end = { offset: stored.bytes - stored.body.length, bytes: stored.body }
        return { value: opened, bytes: 2_048 + chunksOf(opened) * 480 }
      }
      suffix = opened.suffixBytes
    }
    throw new SpanlakeError('corrupt', `file must tell the size of its footer, ${key}`)
  })
  return { file, ...(end && { end }) }
}

function chunksOf({ groups }: OpenFile): number {
  return groups.reduce((sum, { chunks }) => sum + chunks.size, 0)
}

function decode(key: string, suffix: Uint8Array, fileBytes: number) {
  try {
    const footer = decodeFooterSuffix(suffix, fileBytes, { knowledge: true })
    return 'kind' in footer ? footer : openFooter(key, footer)
  } catch (cause) {
    const why = (cause as Error).message
    throw new SpanlakeError('corrupt', `file is broken, ${key}: ${why}`, { cause })
  }
}

function openFooter(key: string, footer: Footer): OpenFile {
  return {
    key,
    rows: footer.rows,
    columns: readFileColumns(footer.keyValues),
    attributes: readAttributeColumns(footer.keyValues),
    groups: footer.groups.map(({ rows, chunks }) => {
      const byPath = new Map(chunks.map((chunk) => [chunk.path, chunk]))
      return {
        offset: chunks[0]?.offset ?? 0,
        rows,
        chunks: byPath,
        starts: startsOf(byPath.get(c.start)),
      }
    }),
  }
}

function startsOf(chunk: ChunkPlace | undefined): OpenGroup['starts'] {
  const { min, max } = chunk?.known ?? {}
  const startMinNs = min && plainValue('int', min)
  const startMaxNs = max && plainValue('int', max)
  if (typeof startMinNs !== 'bigint' || typeof startMaxNs !== 'bigint') return undefined
  return { startMinNs, startMaxNs }
}
