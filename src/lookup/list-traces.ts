import { SpanlakeError } from '../errors.ts'
import { decodeSummaries, type TraceSummary } from '../index/summaries.ts'
import { mightHoldTrace } from '../index/trace-filter.ts'
import type { Runtime } from '../runtime.ts'
import { bytesOfHex, hexOf } from '../span/trace-id.ts'
import { countOnce, type EnvelopeCount } from './count-once.ts'
import { identityOf } from './dedupe-spans.ts'
import type { FreshTailCache } from './fresh-tail-cache.ts'
import { type FreshFile, listFreshFiles } from './list-fresh-files.ts'
import { costedStore, noCost, type ReadCost } from './read-cost.ts'
import { readRows } from './read-rows.ts'
import { summarizeSpans } from './summarize-spans.ts'

export interface ListTracesOptions {
  readonly limit: number
  /** Only traces that start in [fromNs, toNs). */
  readonly fromNs?: bigint
  readonly toNs?: bigint
  /** Where the page before ended. */
  readonly after?: string
}

export interface TraceList {
  /** Most recent start first, then by trace id. */
  readonly traces: readonly TraceSummary[]
  /** For the next page; undefined on the last. */
  readonly next: string | undefined
  readonly reasons: readonly string[]
  readonly cost: ReadCost & { readonly filesConsidered: number; readonly filesRead: number }
}

/** The newest traces, from summaries alone. Files are opened from the newest on, only as far as the page needs. */
export async function listTraces(
  tenant: string,
  options: ListTracesOptions,
  runtime: Runtime,
  cache: FreshTailCache,
): Promise<TraceList> {
  const cost = noCost()
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const { files, broken } = await listFreshFiles(tenant, costed, cache)
  const merger = new SummaryMerger(files, costed)
  const wanted = wants(options)
  const page = await merger.newest(wanted, options.limit + 1)
  const traces = page.slice(0, options.limit)
  const last = traces.at(-1)
  return {
    traces,
    next: page.length > options.limit && last ? cursorOf(last) : undefined,
    reasons: broken,
    cost: { ...cost, filesConsidered: files.length + broken.length, filesRead: merger.filesRead },
  }
}

type Wanted = (summary: TraceSummary) => boolean

class SummaryMerger {
  filesRead = 0
  /** Files by their newest start, the newest first. */
  readonly #files: readonly {
    readonly file: FreshFile
    readonly counts: readonly EnvelopeCount[]
  }[]
  readonly #runtime: Runtime
  readonly #merged = new Map<string, TraceSummary>()
  readonly #taken = new Map<string, Set<FreshFile>>()
  readonly #opened = new Map<FreshFile, readonly TraceSummary[]>()

  constructor(files: readonly FreshFile[], runtime: Runtime) {
    const counts = countOnce(files)
    this.#files = files
      .map((file, at) => ({ file, counts: counts[at]! }))
      .sort((a, b) => compare(b.file.tail.startMaxNs, a.file.tail.startMaxNs))
    this.#runtime = runtime
  }

  /** The first `limit` traces that are wanted. */
  async newest(wanted: Wanted, limit: number): Promise<TraceSummary[]> {
    for (let opened = 0; ; opened++) {
      const next = this.#files[opened]
      // A trace that starts behind every file not yet opened can have no newer rival in them.
      const boundaryNs = next?.file.tail.startMaxNs
      const page = this.#page(wanted, boundaryNs)
      if (next === undefined || page.length >= limit) {
        const settled = await this.#completeAll(page.slice(0, limit), opened)
        if (settled || next === undefined) return this.#page(wanted, boundaryNs).slice(0, limit)
      }
      if (next) for (const summary of await this.#open(next)) this.#add(summary, next.file)
    }
  }

  #page(wanted: Wanted, boundaryNs: bigint | undefined): TraceSummary[] {
    return [...this.#merged.values()]
      .filter((summary) => boundaryNs === undefined || summary.startNs > boundaryNs)
      .filter(wanted)
      .sort(byNewest)
  }

  /** Adds what older files hold of these traces. False when that changed a start: the page must be cut anew. */
  async #completeAll(page: readonly TraceSummary[], opened: number): Promise<boolean> {
    let settled = true
    for (const { traceId, startNs } of page) {
      for (const entry of this.#files.slice(opened)) {
        if (!mightHoldTrace(entry.file.tail.filter, traceId)) continue
        const hex = hexOf(traceId)
        const summary = (await this.#open(entry)).find((one) => hexOf(one.traceId) === hex)
        if (summary) this.#add(summary, entry.file)
      }
      if (this.#merged.get(hexOf(traceId))!.startNs !== startNs) settled = false
    }
    return settled
  }

  #add(summary: TraceSummary, file: FreshFile): void {
    const hex = hexOf(summary.traceId)
    const taken = this.#taken.get(hex) ?? new Set()
    if (taken.has(file)) return
    this.#taken.set(hex, taken.add(file))
    const before = this.#merged.get(hex)
    this.#merged.set(hex, before ? mergeSummaries(before, summary) : summary)
  }

  async #open({
    file,
    counts,
  }: {
    readonly file: FreshFile
    readonly counts: readonly EnvelopeCount[]
  }): Promise<readonly TraceSummary[]> {
    const known = this.#opened.get(file)
    if (known) return known
    this.filesRead++
    const summaries = await summariesOf(file, counts, this.#runtime)
    this.#opened.set(file, summaries)
    return summaries
  }
}

/** The summaries of the rows that count: those of the file, unless it repeats envelopes of files before it. */
async function summariesOf(
  file: FreshFile,
  counts: readonly EnvelopeCount[],
  runtime: Runtime,
): Promise<readonly TraceSummary[]> {
  if (counts.every(({ kind }) => kind === 'all')) {
    return decodeSummaries(file.tail.summaries, runtime.codec)
  }
  if (counts.every(({ kind }) => kind === 'none')) return []
  const rows = await allRows(file, runtime)
  const known = new Set<string>()
  for (const count of counts) {
    if (count.kind !== 'some') continue
    for (const earlier of count.earlier) {
      for (const { span } of await allRows(earlier, runtime)) known.add(nameOf(span))
    }
  }
  const counted = rows.filter(({ span, envelope }) => {
    const { kind } = counts[envelope]!
    return kind === 'all' || (kind === 'some' && !known.has(nameOf(span)))
  })
  return summarizeSpans(counted.map(({ span }) => span))
}

function allRows(file: FreshFile, runtime: Runtime): ReturnType<typeof readRows> {
  return readRows(file, { from: 0, to: file.tail.rows }, runtime)
}

function nameOf(span: Parameters<typeof identityOf>[0] & { readonly traceId: Uint8Array }): string {
  return `${hexOf(span.traceId)}/${identityOf(span)}`
}

function mergeSummaries(a: TraceSummary, b: TraceSummary): TraceSummary {
  const [first, second] = compare(a.startNs, b.startNs) <= 0 ? [a, b] : [b, a]
  const root = first.rootName !== undefined ? first : second
  return {
    traceId: a.traceId,
    startNs: first.startNs,
    endNs: compare(a.endNs, b.endNs) >= 0 ? a.endNs : b.endNs,
    rootService: root.rootService,
    rootName: root.rootName,
    spans: a.spans + b.spans,
    errors: a.errors + b.errors,
    services: [...new Set([...a.services, ...b.services])].sort(),
  }
}

function wants({ fromNs, toNs, after }: ListTracesOptions): Wanted {
  const end = after === undefined ? undefined : parseCursor(after)
  return (summary) =>
    (fromNs === undefined || summary.startNs >= fromNs) &&
    (toNs === undefined || summary.startNs < toNs) &&
    (end === undefined || byNewest(end, summary) < 0)
}

type Place = Pick<TraceSummary, 'startNs' | 'traceId'>

function cursorOf({ startNs, traceId }: Place): string {
  return `${startNs}.${hexOf(traceId)}`
}

function parseCursor(text: string): Place {
  const [, start, hex] = text.match(/^(-?\d{1,20})\.([0-9a-f]{32})$/) ?? []
  if (start && hex) return { startNs: BigInt(start), traceId: bytesOfHex(hex) }
  throw new SpanlakeError(
    'invalid',
    `after must be a cursor of this list, got ${text.slice(0, 80)}`,
  )
}

function byNewest(a: Place, b: Place): number {
  const order = compare(b.startNs, a.startNs)
  return order === 0
    ? hexOf(a.traceId) < hexOf(b.traceId)
      ? -1
      : hexOf(a.traceId) > hexOf(b.traceId)
        ? 1
        : 0
    : order
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
