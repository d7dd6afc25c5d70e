import { compareRootTexts, type Summaries } from '../index/summaries.ts'
import { fixedColumns as c } from '../layout/columns.ts'
import { type GrowableArray, grown, stringAt } from '../span/string-table.ts'
import type { MergePlan } from './merge-plan.ts'
import type { OpenGroup } from './open-group.ts'
import { statusError } from './summarize.ts'

/** Where traces lie in a file: entry i says it of one trace in one row group; by group, then trace id. */
export interface TracePlaces {
  readonly length: number
  /** 16 bytes an entry. */
  readonly traceIds: Uint8Array
  /** Of the first row there, signed. */
  readonly startNs: BigInt64Array
  /** The place in the file's list of groups. */
  readonly groups: Uint32Array
  /** Within the group. */
  readonly firstRows: Uint32Array
  readonly rows: Uint32Array
}

/** Rows [from, to) of an open group: all or a part of one trace, lying in one row group of the file. */
export interface TracePiece {
  readonly group: number
  readonly groupFrom: number
  readonly from: number
  readonly to: number
}

const firstTraces = 256

/** Collects what a file's index has to say of its traces, piece by piece in the order of the file. */
export class TraceRows {
  traces = 0
  #pieces = 0
  #places = {
    traceIds: new Uint8Array(16 * firstTraces),
    starts: new Uint32Array(2 * firstTraces),
    groups: new Uint32Array(firstTraces),
    firstRows: new Uint32Array(firstTraces),
    rows: new Uint32Array(firstTraces),
  }
  #summaries = {
    traceIds: new Uint8Array(16 * firstTraces),
    spans: new Uint32Array(firstTraces),
    errors: new Uint32Array(firstTraces),
    starts: new Uint32Array(2 * firstTraces),
    ends: new Uint32Array(2 * firstTraces),
    rootStarts: new Uint32Array(2 * firstTraces),
    rootServices: new Uint32Array(firstTraces),
    rootNames: new Uint32Array(firstTraces),
    firstService: new Uint32Array(firstTraces + 1),
  }
  #services = new Uint32Array(firstTraces)
  #serviceCount = 0
  /** Of the last trace, which may have more pieces; as places in `#texts`. */
  readonly #lastServices = new Set<number>()
  readonly #texts: string[] = []
  readonly #textIds = new Map<string, number>()
  /** From a string of the open group to its place in `#texts`, plus 1. */
  #textOfString = new Uint32Array(0)
  /** The open group's word for a status of ERROR, plus 1. */
  #failed = 0

  /** Before the first piece of an open group, whose strings have ids of their own. */
  beginGroup(open: OpenGroup): void {
    this.#failed = open.internWord(statusError) + 1
    const { count } = open.strings
    if (this.#textOfString.length < count) this.#textOfString = new Uint32Array(count * 2)
    else this.#textOfString.fill(0)
  }

  add(open: OpenGroup, plan: MergePlan, piece: TracePiece): void {
    this.#addPlace(open, piece)
    const { from, to } = piece
    if (this.traces === 0 || !this.#isLast(open.traceIds, from * 16)) this.#addTrace(open, from)
    const trace = this.traces - 1
    const { spans, errors, ends } = this.#summaries
    spans[trace] = spans[trace]! + to - from
    const statuses = open.columnAt(plan.columnOfName.get(c.statusCode)!)!
    const services = open.columnAt(plan.serviceColumn)
    let lastService = 0
    for (let row = from; row < to; row++) {
      if (statuses[row] === this.#failed) errors[trace]!++
      if (isLater(open.ends, row, ends, trace)) {
        ends[trace * 2] = open.ends[row * 2]!
        ends[trace * 2 + 1] = open.ends[row * 2 + 1]!
      }
      const service = services?.[row] ?? 0
      if (service > 0 && service !== lastService)
        this.#lastServices.add(this.#textOf(open, service))
      lastService = service
      if (isZero(open.parentSpanIds, row * 8)) this.#addRoot(open, plan, row, service)
    }
  }

  /** Rows come by start: a later root counts only where it starts together with the one found. */
  #addRoot(open: OpenGroup, plan: MergePlan, row: number, service: number): void {
    const trace = this.traces - 1
    const { rootStarts, rootNames, rootServices } = this.#summaries
    const isFirst = rootNames[trace] === 0
    if (!isFirst && !isSame(open.starts, row, rootStarts, trace)) return
    const name = this.#textOf(open, this.#nameOf(open, plan, row)) + 1
    const rootService = service === 0 ? 0 : this.#textOf(open, service) + 1
    const text = (id: number | undefined) => this.#texts[(id ?? 0) - 1]
    const [known, ofKnown] = [text(rootNames[trace]), text(rootServices[trace])]
    if (!isFirst && compareRootTexts(text(name), text(rootService), known, ofKnown) >= 0) return
    rootStarts[trace * 2] = open.starts[row * 2]!
    rootStarts[trace * 2 + 1] = open.starts[row * 2 + 1]!
    rootNames[trace] = name
    rootServices[trace] = rootService
  }

  places(): TracePlaces {
    const { traceIds, starts, groups, firstRows, rows } = this.#places
    const length = this.#pieces
    const startNs = new BigInt64Array(starts.buffer, 0, length)
    return {
      length,
      traceIds: traceIds.subarray(0, length * 16),
      startNs,
      groups: groups.subarray(0, length),
      firstRows: firstRows.subarray(0, length),
      rows: rows.subarray(0, length),
    }
  }

  /** All that was added; nothing may be added afterwards. */
  summaries(): Summaries {
    this.#endTrace()
    const count = this.traces
    const { traceIds, spans, errors, starts, ends } = this.#summaries
    const { rootStarts, rootServices, rootNames, firstService } = this.#summaries
    return {
      traceIds: traceIds.subarray(0, count * 16),
      spans: spans.subarray(0, count),
      errors: errors.subarray(0, count),
      startNs: new BigInt64Array(starts.buffer, 0, count),
      endNs: new BigInt64Array(ends.buffer, 0, count),
      rootStartNs: new BigInt64Array(rootStarts.buffer, 0, count),
      strings: this.#texts,
      rootServices: rootServices.subarray(0, count),
      rootNames: rootNames.subarray(0, count),
      firstService: firstService.subarray(0, count + 1),
      services: this.#services.subarray(0, this.#serviceCount),
    }
  }

  #addPlace(open: OpenGroup, { group, groupFrom, from, to }: TracePiece): void {
    const at = this.#pieces++
    growAll(this.#places, this.#pieces, { traceIds: 16, starts: 2 })
    const { traceIds, starts, groups, firstRows, rows } = this.#places
    traceIds.set(open.traceIds.subarray(from * 16, from * 16 + 16), at * 16)
    starts[at * 2] = open.starts[from * 2]!
    starts[at * 2 + 1] = open.starts[from * 2 + 1]!
    groups[at] = group
    firstRows[at] = from - groupFrom
    rows[at] = to - from
  }

  #isLast(traceIds: Uint8Array, at: number): boolean {
    const last = (this.traces - 1) * 16
    for (let i = 15; i >= 0; i--) {
      if (traceIds[at + i] !== this.#summaries.traceIds[last + i]) return false
    }
    return true
  }

  #addTrace(open: OpenGroup, row: number): void {
    this.#endTrace()
    const trace = this.traces++
    const widths = { traceIds: 16, starts: 2, ends: 2, rootStarts: 2 }
    growAll(this.#summaries, this.traces + 1, widths)
    const { traceIds, starts, ends, rootStarts } = this.#summaries
    traceIds.set(open.traceIds.subarray(row * 16, row * 16 + 16), trace * 16)
    for (let half = 0; half < 2; half++) {
      starts[trace * 2 + half] = open.starts[row * 2 + half]!
      ends[trace * 2 + half] = open.ends[row * 2 + half]!
      rootStarts[trace * 2 + half] = open.starts[row * 2 + half]!
    }
  }

  /** Writes down the last trace's services. */
  #endTrace(): void {
    if (this.traces === 0) return
    const texts = this.#texts
    const services = [...this.#lastServices]
    if (services.length > 1) services.sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1))
    this.#lastServices.clear()
    const end = this.#serviceCount + services.length
    if (end > this.#services.length) this.#services = grown(this.#services, end)
    this.#services.set(services, this.#serviceCount)
    this.#serviceCount = end
    this.#summaries.firstService[this.traces] = end
  }

  #nameOf(open: OpenGroup, plan: MergePlan, row: number): number {
    return open.columnAt(plan.columnOfName.get(c.name)!)?.[row] ?? 1
  }

  /** The text of an open group's string, given plus 1 as columns hold it. */
  #textOf({ strings }: OpenGroup, value: number): number {
    const known = this.#textOfString[value - 1]!
    if (known > 0) return known - 1
    const text = stringAt(strings.view(), value - 1)
    let id = this.#textIds.get(text)
    if (id === undefined) {
      id = this.#texts.push(text) - 1
      this.#textIds.set(text, id)
    }
    this.#textOfString[value - 1] = id + 1
    return id
  }
}

/** Room for `length` entries in each array, of so many elements an entry where it is not one. */
function growAll<T extends Record<string, GrowableArray>>(
  arrays: T,
  length: number,
  widths: Partial<Record<keyof T, number>>,
): void {
  for (const name of Object.keys(arrays) as (keyof T)[]) {
    const array: GrowableArray = arrays[name]!
    const needed = length * (widths[name] ?? 1)
    if (array.length < needed) arrays[name] = grown(array, needed) as T[keyof T]
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 8; i++) if (bytes[i] !== 0) return false
  return true
}

function isSame(times: Uint32Array, a: number, others: Uint32Array, b: number): boolean {
  return times[a * 2] === others[b * 2] && times[a * 2 + 1] === others[b * 2 + 1]
}

/** Signed, in halves: reading a BigInt64Array makes a bigint a time. */
function isLater(times: Uint32Array, a: number, others: Uint32Array, b: number): boolean {
  const [high, otherHigh] = [times[a * 2 + 1]! | 0, others[b * 2 + 1]! | 0]
  return high > otherHigh || (high === otherHigh && times[a * 2]! > others[b * 2]!)
}
