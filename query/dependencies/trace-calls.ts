import type { CallRows } from './call-rows.ts'

// opentelemetry-proto trace.proto, SpanKind
const kindServer = 2
const kindClient = 3

/** Up to so many spans, looking at each is the quickest way to find one. */
const scannedRowsMax = 32

/**
 * The calls between services in one trace, rows [from, to) by their starts: a span whose parent belongs to another service
 * is one. Repeats of a span count once. Where a client's and a server's span share an id, as Zipkin has it, the server's
 * is the client's child and has the children; where others share one, a span's parent is that of its own service, else
 * the first. Spans without a service or without their parent tell of none.
 */
export function traceCalls(
  rows: CallRows,
  { from, to }: { readonly from: number; readonly to: number },
  call: (parent: number, child: number) => void,
): void {
  const { spanIds, parentIds, services, kinds } = rows
  if (isOneService(services, from, to)) return
  const find = finderOf(spanIds, from, to)
  const { shared, repeats } = sharedIds(rows, from, to, find)
  for (let row = from; row < to; row++) {
    const child = services[row] ?? -1
    if (child < 0 || repeats.has(row)) continue
    const own = shared.size > 0 ? shared.get(find(spanIds, row)) : undefined
    const isMoved = own?.isClientAndServer === true && kinds[row] === kindServer
    const first = isMoved ? find(spanIds, row) : find(parentIds, row)
    if (first < 0) continue
    const sharing = shared.get(first)
    const parents = sharing && parentServices(sharing, isMoved)
    if (parents?.has(child)) continue
    const [parent = -1] = parents ?? [services[first]]
    if (parent >= 0 && parent !== child) call(parent, child)
  }
}

function parentServices({ isClientAndServer, all, servers, others }: SharedId, isMoved: boolean) {
  if (!isClientAndServer) return all
  return isMoved ? others : servers
}

function isOneService(services: Int32Array, from: number, to: number): boolean {
  for (let row = from + 1; row < to; row++) if (services[row] !== services[from]) return false
  return true
}

/** The first row whose span has the id that stands in a row of `ids`; -1 when none has. */
type Find = (ids: Uint32Array, row: number) => number

function finderOf(spanIds: Uint32Array, from: number, to: number): Find {
  if (to - from <= scannedRowsMax) {
    return (ids, row) => {
      const [high, low] = [ids[2 * row], ids[2 * row + 1]]
      for (let at = from; at < to; at++) {
        if (spanIds[2 * at + 1] === low && spanIds[2 * at] === high) return at
      }
      return -1
    }
  }
  const first = new Map<string, number>()
  for (let row = to - 1; row >= from; row--) first.set(idText(spanIds, row), row)
  return (ids, row) => first.get(idText(ids, row)) ?? -1
}

function idText(ids: Uint32Array, row: number): string {
  const [high, low] = [ids[2 * row] ?? 0, ids[2 * row + 1] ?? 0]
  return String.fromCharCode(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff)
}

/** Services of the spans that share an id, in their order. */
interface SharedId {
  readonly isClientAndServer: boolean
  readonly all: ReadonlySet<number>
  readonly servers: ReadonlySet<number>
  readonly others: ReadonlySet<number>
}

/** By the first row that has the id; and the rows that repeat another. */
function sharedIds(
  rows: CallRows,
  from: number,
  to: number,
  find: Find,
): { readonly shared: ReadonlyMap<number, SharedId>; readonly repeats: ReadonlySet<number> } {
  const sharing = new Map<number, number[]>()
  for (let row = from; row < to; row++) {
    const first = find(rows.spanIds, row)
    if (first === row) continue
    const others = sharing.get(first) ?? [first]
    others.push(row)
    sharing.set(first, others)
  }
  const repeats = new Set<number>()
  const shared = new Map<number, SharedId>()
  for (const [first, all] of sharing) shared.set(first, sharedId(rows, all, repeats))
  return { shared, repeats }
}

function sharedId(
  { services, kinds, startNs, name }: CallRows,
  all: readonly number[],
  repeats: Set<number>,
): SharedId {
  const identities = new Set<string>()
  const kept = all.filter((row) => {
    const identity = `${kinds[row]}/${startNs(row)}/${name(row)}`
    if (identities.has(identity)) repeats.add(row)
    else identities.add(identity)
    return !repeats.has(row)
  })
  const of = (some: readonly number[]) => new Set(some.map((row) => services[row] ?? -1))
  const servers = kept.filter((row) => kinds[row] === kindServer)
  return {
    isClientAndServer: servers.length > 0 && kept.some((row) => kinds[row] === kindClient),
    all: of(kept),
    servers: of(servers),
    others: of(kept.filter((row) => kinds[row] !== kindServer)),
  }
}
