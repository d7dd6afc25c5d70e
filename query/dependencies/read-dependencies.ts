import { SpanlakeError } from '../../src/errors.ts'
import {
  dependencyBytesMax,
  dependencyGroupsAtOnce,
  dependencyMsMax,
  dependencyPairsMax,
  dependencyTracesMax,
  searchStepRows,
  storeReadsAtOnce,
} from '../../src/limits.ts'
import { costedStore, noCost, type ReadCost } from '../../src/lookup/read-cost.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import { mightOverlap } from '../../src/prune/might-overlap.ts'
import type { Runtime } from '../../src/runtime.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { type Snapshot, withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import { fileQueue, type QueuedFile } from '../search/file-queue.ts'
import { type FileEnd, openFile } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { liveEnvelopes } from '../search/trace-places.ts'
import { type CallGroup, type RowTest, readCallRows } from './call-rows.ts'
import { callSums, type Dependency } from './call-sums.ts'
import { type GroupCalls, groupCalls, groupCallsBytes } from './group-calls.ts'
import { joinedTraces } from './joined-traces.ts'
import { traceMark } from './trace-mark.ts'

export interface DependencyAnswer {
  readonly value: readonly Dependency[]
  /** Why something may be missing; empty when nothing is. */
  readonly reasons: readonly string[]
  readonly cost: DependencyCost
}

export interface DependencyCost extends ReadCost {
  /** Row groups of which columns were read; what was remembered is none of them. */
  groupsRead: number
}

/**
 * The calls between services by spans that start in the range: the parent does, too. Each row group is read for itself,
 * and what a whole one says is remembered; traces that lie in several are then put together, so that it does not matter
 * where their spans lie, nor how often. Throws kind `unavailable`.
 */
export async function readDependencies(
  tenant: string,
  range: TimeRange,
  signal: AbortSignal | undefined,
  runtime: Runtime,
  cache: ReadCache,
): Promise<DependencyAnswer> {
  const { clock, meter } = runtime
  const cost = { ...noCost(), groupsRead: 0 }
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const startMs = clock.nowMs()
  try {
    return await withSnapshot(tenant, costed, cache, async (snapshot, reading) => {
      const troubles = new Set(snapshot.broken)
      const isLate = () => clock.nowMs() >= startMs + dependencyMsMax
      const isOver = bounds({ cost, troubles, signal, isLate })
      const value = await readIn({
        snapshot,
        range,
        runtime: reading,
        cache,
        cost,
        troubles,
        isOver,
      })
      return { value, reasons: [...troubles].sort(), cost }
    })
  } finally {
    meter.count('spanlake_dependency_reads_total', 1)
    meter.observe('spanlake_dependency_read_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_dependency_gets_total', cost.gets)
    meter.count('spanlake_dependency_bytes_total', cost.bytesRead)
  }
}

interface Reading {
  readonly snapshot: Snapshot
  readonly range: TimeRange
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: DependencyCost
  readonly troubles: Set<string>
  /** True once as much is read or waited as may be; then the answer says so. Throws when the client is gone. */
  readonly isOver: () => boolean
}

async function readIn(reading: Reading): Promise<readonly Dependency[]> {
  const { troubles } = reading
  const sums = callSums(dependencyPairsMax)
  const read = await readGroups(reading)
  for (const { says } of read) {
    for (const { parent, child, calls } of says.calls) sums.add(parent, child, calls)
  }
  const shared = marksSeenTwice(read.map(({ says }) => says.marks))
  const joined = joinedTraces(sums)
  await mapAtOnce(read, storeReadsAtOnce, async ({ place, says }) => {
    if (joined.isFull() || !says.marks.some((mark) => shared.has(mark))) return
    if (reading.isOver()) return
    const group = await orTrouble(troubles, place.key, () => readPlace(place, reading))
    const pieces = group?.traces.filter(({ traceId }) => shared.has(traceMark(traceId)))
    if (group && pieces) joined.add(group, pieces)
  })
  joined.settle()
  if (joined.isFull()) troubles.add('more traces lie in several files than can be put together')
  if (sums.isFull()) troubles.add(`answer holds as many pairs as it may, ${dependencyPairsMax}`)
  return sums.all()
}

/** A row group that may hold spans of the range. */
interface GroupPlace {
  readonly key: string
  /** Of the row group, from the first byte of the file. */
  readonly offset: number
  /** Undefined: all of its rows count. */
  readonly counts: RowTest
}

interface ReadGroup {
  readonly place: GroupPlace
  readonly says: GroupCalls
}

/** The newest files first. */
async function readGroups(reading: Reading): Promise<readonly ReadGroup[]> {
  const { snapshot, range, runtime, cache, troubles, isOver } = reading
  const queue = fileQueue(snapshot, range, runtime, { cache, troubles })
  const read: ReadGroup[] = []
  let traces = 0
  const isFull = () => traces >= dependencyTracesMax
  while (!isFull() && !isOver()) {
    const files = await queue.take({ rows: searchStepRows, files: storeReadsAtOnce })
    if (files.length === 0) break
    await mapAtOnce(files, storeReadsAtOnce, async (file) => {
      if (isFull() || isOver()) return
      const opened = await orTrouble(troubles, file.key, () => placesIn(file, reading))
      if (opened === undefined) return
      const { places, end } = opened
      await mapAtOnce(places, dependencyGroupsAtOnce, async (place) => {
        if (isFull() || isOver()) return
        const says = await orTrouble(troubles, file.key, () => saysOf(place, reading, end))
        if (says === undefined) return
        read.push({ place, says })
        traces += says.marks.length
      })
    })
  }
  if (isFull()) troubles.add(`reading dependencies ended after ${traces} traces`)
  return read
}

async function placesIn(
  { key, mightBeExpired }: QueuedFile,
  { snapshot: { manifest, files }, range, runtime, cache }: Reading,
): Promise<{ readonly places: readonly GroupPlace[]; readonly end: FileEnd | undefined }> {
  const { file, end } = await openFile(key, runtime, cache.index)
  const fresh = mightBeExpired ? files.find((one) => one.key === key) : undefined
  const live = fresh && liveEnvelopes(fresh.tail, manifest.expiredMs)
  const places = file.groups.flatMap(({ offset, starts }) => {
    if (starts && !mightOverlap(starts, range)) return []
    const isWithin = starts && starts.startMinNs >= range.fromNs && starts.startMaxNs < range.toNs
    const counts: RowTest =
      isWithin && !live
        ? undefined
        : (table) => (row) => {
            const startNs = table.startNs(row)
            const isInRange = startNs >= range.fromNs && startNs < range.toNs
            return isInRange && (live === undefined || live.has(table.envelope(row)))
          }
    return [{ key, offset, counts }]
  })
  return { places, end }
}

/** A file never changes: what a whole row group says is read once. */
async function saysOf(
  place: GroupPlace,
  reading: Reading,
  end: FileEnd | undefined,
): Promise<GroupCalls> {
  const read = async () => groupCalls(await readPlace(place, reading, end))
  if (place.counts !== undefined) return read()
  return reading.cache.index.get(`${place.key} ${place.offset} calls`, async () => {
    const value = await read()
    return { value, bytes: groupCallsBytes(value) }
  })
}

async function readPlace(
  { key, offset, counts }: GroupPlace,
  { runtime, cache, cost }: Reading,
  end?: FileEnd,
): Promise<CallGroup> {
  const opened = await openFile(key, runtime, cache.index)
  const group = opened.file.groups.find((one) => one.offset === offset)
  if (group === undefined) {
    throw new SpanlakeError('corrupt', `file must have a row group at ${offset}, ${key}`)
  }
  cost.groupsRead++
  return readCallRows({ file: opened.file, group, end: end ?? opened.end }, counts, runtime)
}

function marksSeenTwice(groups: readonly Float64Array[]): ReadonlySet<number> {
  const all = new Float64Array(groups.reduce((sum, marks) => sum + marks.length, 0))
  let length = 0
  for (const marks of groups) {
    all.set(marks, length)
    length += marks.length
  }
  all.sort()
  const seenTwice = new Set<number>()
  for (let at = 1; at < all.length; at++) {
    const mark = all[at] ?? 0
    if (mark === all[at - 1]) seenTwice.add(mark)
  }
  return seenTwice
}

interface Bounded {
  readonly cost: ReadCost
  readonly troubles: Set<string>
  readonly signal: AbortSignal | undefined
  readonly isLate: () => boolean
}

function bounds({ cost, troubles, signal, isLate }: Bounded): () => boolean {
  return () => {
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'reading was cancelled')
    const [late, large] = [isLate(), cost.bytesRead >= dependencyBytesMax]
    if (late) troubles.add(`reading dependencies ended after ${dependencyMsMax} ms`)
    if (large) troubles.add(`reading dependencies ended after ${dependencyBytesMax} bytes`)
    return late || large
  }
}
