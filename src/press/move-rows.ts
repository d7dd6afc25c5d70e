import { fixedColumns as c, nestedColumns as n } from '../layout/columns.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { ColumnData } from '../parquet/read-column.ts'
import type { AnyValue } from '../span/span.ts'
import { attributeTypes } from '../span/span-batch.ts'
import { type FlatMove, type HeldGroup, joinedParts, type RestMove } from './held-group.ts'
import type { MergePlan } from './merge-plan.ts'
import type { OpenGroup } from './open-group.ts'
import type { NestedRows } from './read-group.ts'
import { entryText, int32At } from './span-of-row.ts'

/** Rows of one held group, and their places in the group that is gathered. */
export interface RowMoves {
  readonly rows: Uint32Array
  readonly places: Uint32Array
}

/** Copies rows into an open group that has room for them, column by column. */
export function moveRows(open: OpenGroup, held: HeldGroup, moves: RowMoves, plan: MergePlan): void {
  moveWide(open, held, moves)
  for (const move of held.moves) moveFlat(open, move, moves)
  for (const { target, kind } of held.missing) {
    const out = open.column(target)
    const value = open.zero(kind) + 1
    for (const place of moves.places) out[place] = value
  }
  for (const rest of held.rests) moveRest(open, rest, moves, plan)
  moveNested(open, held, moves)
}

function moveWide(open: OpenGroup, { columns }: HeldGroup, { rows, places }: RowMoves): void {
  copyBytes(columns.traceIds, open.traceIds, rows, places, 16)
  copyBytes(columns.spanIds, open.spanIds, rows, places, 8)
  copyBytes(columns.parentSpanIds, open.parentSpanIds, rows, places, 8)
  copyPairs(columns.starts, open.starts, rows, places)
  copyPairs(columns.durations, open.durations, rows, places)
  copyPairs(columns.ends, open.ends, rows, places)
  const { ownEnds } = columns
  if (ownEnds === undefined) return
  for (let i = 0; i < rows.length; i++) {
    if (ownEnds[rows[i]!] === 0) continue
    open.ownEnds[places[i]!] = 1
    open.hasOwnEnds = true
  }
}

function copyBytes(
  from: Uint8Array,
  to: Uint8Array,
  rows: Uint32Array,
  places: Uint32Array,
  width: number,
): void {
  for (let i = 0; i < rows.length; i++) {
    const source = rows[i]! * width
    const target = places[i]! * width
    for (let byte = 0; byte < width; byte++) to[target + byte] = from[source + byte]!
  }
}

function copyPairs(
  from: Uint32Array,
  to: Uint32Array,
  rows: Uint32Array,
  places: Uint32Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const source = rows[i]! * 2
    const target = places[i]! * 2
    to[target] = from[source]!
    to[target + 1] = from[source + 1]!
  }
}

function moveFlat(open: OpenGroup, move: FlatMove, { rows, places }: RowMoves): void {
  const { column, target, kind } = move
  const { ids, constant, table } = column
  const out = open.column(target)
  if (kind === 'bool') {
    for (let i = 0; i < rows.length; i++) out[places[i]!] = ids[rows[i]!]!
    return
  }
  if (constant !== undefined) {
    const value = open.intern(kind, table, constant - 1) + 1
    for (let i = 0; i < places.length; i++) out[places[i]!] = value
    return
  }
  const known = knownIn(open, move)
  for (let i = 0; i < rows.length; i++) {
    const id = ids[rows[i]!]!
    if (id === 0) continue
    let value = known[id]!
    if (value === 0) {
      value = open.intern(kind, table, id - 1) + 1
      known[id] = value
    }
    out[places[i]!] = value
  }
}

/** What is known of the column's values in the tables of this group. */
function knownIn(open: OpenGroup, move: FlatMove): Uint32Array {
  if (move.knownTo !== open || move.knownEpoch !== open.epoch) {
    move.known.fill(0)
    move.knownTo = open
    move.knownEpoch = open.epoch
  }
  return move.known
}

function moveRest(
  open: OpenGroup,
  { column, texts, partsOf, demoted, target }: RestMove,
  { rows, places }: RowMoves,
  plan: MergePlan,
): void {
  for (let i = 0; i < rows.length; i++) {
    const id = column?.ids[rows[i]!] ?? 0
    const lost = demoted.get(rows[i]!)
    if (id === 0 && lost === undefined) continue
    const place = places[i]!
    let kept = lost
    let text: string | undefined
    if (id > 0) {
      texts[id] ??= partsOf(id - 1)
      const { parts, moved } = texts[id]
      for (const one of moved) setValue(open, one.target, place, one.value, plan)
      kept = lost === undefined ? parts : [...parts, ...lost]
      if (lost === undefined) text = texts[id].kept
    }
    text ??= joinedParts(kept ?? [])
    if (text !== undefined) open.column(target)[place] = open.strings.internText(text) + 1
    for (const { id: attribute, attribute: named, service } of kept ?? []) {
      open.countRest(attribute, named)
      if (service !== undefined) {
        open.column(plan.serviceColumn)[place] = open.strings.internText(service) + 1
      }
    }
  }
}

function setValue(
  open: OpenGroup,
  target: number,
  place: number,
  value: AnyValue,
  plan: MergePlan,
): void {
  const out = open.column(target)
  if (value.kind === 'string') out[place] = open.strings.internText(value.value) + 1
  else if (value.kind === 'int') out[place] = open.internInt(value.value) + 1
  else if (value.kind === 'double') out[place] = open.internDouble(value.value) + 1
  else if (value.kind === 'bool') out[place] = value.value ? 2 : 1
  else throw corrupt(`column ${plan.columns[target]?.name}`, `must not hold a ${value.kind}`)
}

/** Lists stay in the order in which their rows come; `arrivalOf` leads to them. */
function moveNested(open: OpenGroup, { columns }: HeldGroup, { rows, places }: RowMoves): void {
  const events = columns.events && eventMover(open, columns.events)
  const links = columns.links && linkMover(open, columns.links)
  for (let i = 0; i < rows.length; i++) {
    const arrival = open.arrived++
    open.arrivalOf[places[i]!] = arrival
    open.firstEvents[arrival] = open.events.length
    open.firstLinks[arrival] = open.links.length
    events?.(rows[i]!)
    links?.(rows[i]!)
  }
}

function eventMover(open: OpenGroup, lists: NestedRows): (row: number) => void {
  const { events } = open
  const times = fieldOf(lists, c.events, n.time)
  const names = stringsOf(open, fieldOf(lists, c.events, n.name))
  const dropped = fieldOf(lists, c.events, n.droppedAttributesCount)
  const attributes = attributeMover(open, lists)
  return (row) => {
    for (let item = lists.firstOfRow[row]!; item < lists.firstOfRow[row + 1]!; item++) {
      const time = entryAt(times, item) * 2
      const low = int32At(times.table, time) >>> 0
      const high = int32At(times.table, time + 1) >>> 0
      events.add(low, high, names(item), int32At(dropped.table, entryAt(dropped, item)))
      attributes(events.attributes, events.length - 1, item)
    }
  }
}

function linkMover(open: OpenGroup, lists: NestedRows): (row: number) => void {
  const { links } = open
  const traceIds = fieldOf(lists, c.links, n.traceId)
  const spanIds = fieldOf(lists, c.links, n.spanId)
  const states = stringsOf(open, fieldOf(lists, c.links, n.traceState))
  const flags = fieldOf(lists, c.links, n.flags)
  const dropped = fieldOf(lists, c.links, n.droppedAttributesCount)
  const attributes = attributeMover(open, lists)
  return (row) => {
    for (let item = lists.firstOfRow[row]!; item < lists.firstOfRow[row + 1]!; item++) {
      const at = links.add(
        states(item),
        int32At(flags.table, entryAt(flags, item)),
        int32At(dropped.table, entryAt(dropped, item)),
      )
      const traceId = entryAt(traceIds, item) * 16
      links.traceIds.set(traceIds.table.bytes.subarray(traceId, traceId + 16), at * 16)
      const spanId = entryAt(spanIds, item) * 8
      links.spanIds.set(spanIds.table.bytes.subarray(spanId, spanId + 8), at * 8)
      attributes(links.attributes, at, item)
    }
  }
}

type NestedTarget = OpenGroup['events']['attributes']

function attributeMover(
  open: OpenGroup,
  { firstAttribute, keys, types, texts }: NestedRows,
): (target: NestedTarget, owner: number, item: number) => void {
  const keyOf = stringsOf(open, keys)
  const textOf = stringsOf(open, texts)
  const known: readonly string[] = attributeTypes
  const typeOf = Array.from({ length: types.table.entries }, (_, entry) =>
    known.indexOf(entryText(types.table, entry)),
  )
  return (target, owner, item) => {
    for (let i = firstAttribute[item]!; i < firstAttribute[item + 1]!; i++) {
      const type = typeOf[entryAt(types, i)]!
      if (type < 0) throw corrupt('nested attribute', 'must be of a known type')
      target.add(owner, keyOf(i), type, textOf(i))
    }
  }
}

/** The open group's string of value i, each entry looked up once. */
function stringsOf(open: OpenGroup, column: ColumnData): (i: number) => number {
  const known = new Uint32Array(column.table.entries)
  return (i) => {
    const entry = entryAt(column, i)
    if (known[entry] === 0) known[entry] = open.intern('strings', column.table, entry) + 1
    return known[entry]! - 1
  }
}

function fieldOf({ fields }: NestedRows, list: string, name: string): ColumnData {
  const column = fields.get(name)
  if (column === undefined) throw corrupt(`column ${list}`, `must have ${name}`)
  return column
}

function entryAt({ ids }: ColumnData, i: number): number {
  return ids === undefined ? i : ids[i]!
}
