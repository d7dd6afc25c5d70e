import type { TraceSummary } from '../index/summaries.ts'
import { summaryColumns as c, metadataKeys } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { Footer } from '../parquet/footer.ts'
import { type ChunkSlice, readChunkRows } from '../parquet/read-chunk.ts'
import { leavesOf, physicalTypes } from '../parquet/schema.ts'
import type { Codec } from '../ports/codec.ts'
import { decodeFooterSuffix } from './file-footer.ts'
import { summaryFileVersion, summarySchema } from './summary-file.ts'

const name = 'trace summaries'
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** All rows of a summary file, the most recent start first. Throws kind `corrupt`. */
export function decodeSummaryFile(bytes: Uint8Array, codec: Codec): TraceSummary[] {
  const footer = decodeFooterSuffix(bytes, bytes.length)
  if ('kind' in footer) throw corrupt(name, `claim a footer of ${footer.suffixBytes} bytes`)
  checkVersion(footer)
  return footer.groups.flatMap((group) => readGroup(bytes, group, codec))
}

function checkVersion({ keyValues }: Footer): void {
  const text = keyValues.get(metadataKeys.version) ?? ''
  const version = /^\d+$/.test(text) ? Number(text) : 0
  if (version < 1 || version > summaryFileVersion) {
    throw corrupt('summary file', `is of version ${version}`)
  }
}

function readGroup(
  bytes: Uint8Array,
  { rows, chunks }: Footer['groups'][number],
  codec: Codec,
): TraceSummary[] {
  const leaves = new Map(leavesOf(summarySchema).map((leaf) => [leaf.path.join('.'), leaf]))
  const columns = new Map<string, ChunkSlice>()
  for (const place of chunks) {
    const leaf = leaves.get(place.path)
    if (leaf === undefined) continue
    if (place.type !== physicalTypes[leaf.type]) {
      throw corrupt(name, `must have ${place.path} of type ${leaf.type}, got ${place.type}`)
    }
    const end = place.offset + place.bytes
    if (end > bytes.length) throw corrupt(name, `place ${place.path} behind their end`)
    const chunk = bytes.subarray(place.offset, end)
    const all = { from: 0, to: rows, of: rows }
    columns.set(place.path, readChunkRows(chunk, place, leaf, all, codec))
  }
  const required = (path: string): ChunkSlice => {
    const slice = columns.get(path)
    if (slice === undefined) throw corrupt(name, `must have column ${path}`)
    return slice
  }
  const [ids, starts, durations] = [required(c.traceId), required(c.start), required(c.durationNs)]
  const [spans, errors] = [required(c.spans), required(c.errors)]
  const ends = optionalValues(required(c.end), rows)
  const rootDelays = optionalValues(required(c.rootDelayNs), rows)
  const rootServices = optionalValues(required(c.rootService), rows)
  const rootNames = optionalValues(required(c.rootName), rows)
  const services = lists(required(`${c.services}.list.element`))
  return Array.from({ length: rows }, (_, row) => {
    const startNs = starts.values[row] as bigint
    const end = ends[row] as bigint | undefined
    const rootDelay = rootDelays[row] as bigint | undefined
    return {
      traceId: (ids.values[row] as Uint8Array).slice(),
      startNs,
      endNs: end ?? BigInt.asIntN(64, startNs + (durations.values[row] as bigint)),
      rootStartNs: rootDelay === undefined ? undefined : BigInt.asIntN(64, startNs + rootDelay),
      rootService: textOf(rootServices[row]),
      rootName: textOf(rootNames[row]),
      spans: (spans.values[row] as number) >>> 0,
      errors: (errors.values[row] as number) >>> 0,
      services: services[row] ?? [],
    }
  })
}

/** By row; undefined for null. */
function optionalValues({ definition, values }: ChunkSlice, rows: number): unknown[] {
  let next = 0
  return Array.from({ length: rows }, (_, row) =>
    definition === undefined || definition[row] === 1 ? values[next++] : undefined,
  )
}

function textOf(value: unknown): string | undefined {
  return value instanceof Uint8Array ? decoder.decode(value) : undefined
}

function lists({ entries, definition, repetition, values }: ChunkSlice): string[][] {
  const rows: string[][] = []
  let next = 0
  for (let entry = 0; entry < entries; entry++) {
    if (repetition?.[entry] === 0) rows.push([])
    if (definition?.[entry] === 1) rows.at(-1)?.push(textOf(values[next++]) ?? '')
  }
  return rows
}
