import { dependencyJoinBytesMax } from '../../src/limits.ts'
import type { CallGroup, CallRows, TraceSlice } from './call-rows.ts'
import type { CallSums } from './call-sums.ts'
import { traceCalls } from './trace-calls.ts'

/** Traces that lie in several row groups, put together: what the groups said of them each for itself is taken back. */
export interface JoinedTraces {
  /** The pieces of such traces in a group that was counted. */
  add(group: CallGroup, pieces: readonly TraceSlice[]): void
  /** No more can be held. */
  isFull(): boolean
  /** Counts each trace as one. */
  settle(): void
}

export function joinedTraces(
  sums: CallSums,
  bytesMax: number = dependencyJoinBytesMax,
): JoinedTraces {
  const services = new Map<string, number>()
  const serviceNames: string[] = []
  const held: HeldPiece[] = []
  let bytes = 0

  const count = (calls: 1 | -1) => (parent: number, child: number) => {
    const [from, to] = [serviceNames[parent], serviceNames[child]]
    if (from !== undefined && to !== undefined) sums.add(from, to, calls)
  }

  function numberOf(name: string): number {
    const known = services.get(name)
    if (known !== undefined) return known
    services.set(name, serviceNames.length)
    return serviceNames.push(name) - 1
  }

  return {
    add(group, pieces) {
      const numbers = group.serviceNames.map(numberOf)
      const places = pieces.flatMap(({ from, to }) => placesIn(group, from, to))
      const rows = rowsAt(places, (service) => numbers[service] ?? -1)
      let from = 0
      for (const piece of pieces) {
        const slice = { traceId: piece.traceId, from, to: from + piece.to - piece.from }
        traceCalls(rows, slice, count(-1))
        held.push({ rows, ...slice })
        from = slice.to
      }
      bytes += places.length * rowBytes + pieces.length * pieceBytes
    },
    isFull: () => bytes >= bytesMax,
    settle() {
      for (const pieces of Map.groupBy(held, ({ traceId }) => traceId).values()) {
        const places = pieces
          .flatMap(({ rows, from, to }) => placesIn(rows, from, to))
          .sort(byStart)
        const rows = rowsAt(places, (service) => service)
        traceCalls(rows, { from: 0, to: places.length }, count(1))
      }
    },
  }
}

interface HeldPiece extends TraceSlice {
  readonly rows: CallRows
}

/** About what they take. */
const rowBytes = 48
const pieceBytes = 128

interface Place {
  readonly rows: CallRows
  readonly row: number
  readonly startNs: bigint
}

function placesIn(rows: CallRows, from: number, to: number): Place[] {
  return Array.from({ length: to - from }, (_, i) => {
    const row = from + i
    return { rows, row, startNs: rows.startNs(row) }
  })
}

/** Copies, so that the rows beside them can go. */
function rowsAt(places: readonly Place[], serviceOf: (service: number) => number): CallRows {
  const words = (ids: (rows: CallRows) => Uint32Array) => {
    const copied = new Uint32Array(places.length * 2)
    for (const [at, { rows, row }] of places.entries()) {
      copied[2 * at] = ids(rows)[2 * row] ?? 0
      copied[2 * at + 1] = ids(rows)[2 * row + 1] ?? 0
    }
    return copied
  }
  const starts = BigInt64Array.from(places, ({ startNs }) => startNs)
  const names = places.map(({ rows, row }) => rows.name(row))
  return {
    spanIds: words(({ spanIds }) => spanIds),
    parentIds: words(({ parentIds }) => parentIds),
    services: Int32Array.from(places, ({ rows, row }) => serviceOf(rows.services[row] ?? -1)),
    kinds: Int32Array.from(places, ({ rows, row }) => rows.kinds[row] ?? 0),
    startNs: (row) => starts[row] ?? 0n,
    name: (row) => names[row] ?? '',
  }
}

/** By start, span id, kind and name: as a trace that never was in pieces. */
function byStart(a: Place, b: Place): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1
  for (const word of [0, 1]) {
    const id = a.rows.spanIds[2 * a.row + word] ?? 0
    const other = b.rows.spanIds[2 * b.row + word] ?? 0
    if (id !== other) return id - other
  }
  const kinds = (a.rows.kinds[a.row] ?? 0) - (b.rows.kinds[b.row] ?? 0)
  if (kinds !== 0) return kinds
  const [name, other] = [a.rows.name(a.row), b.rows.name(b.row)]
  return name === other ? 0 : name < other ? -1 : 1
}
