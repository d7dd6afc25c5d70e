import type { LocatorMarks } from './locator-marks.ts'

/**
 * The compacted state of one tenant in one region: a small, complete, immutable snapshot. A commit creates the next
 * number (DESIGN §4.2). It names objects by their names within their folders (`layout/keys.ts`).
 */
export interface Manifest {
  readonly tenant: string
  readonly region: string
  /** 0: no manifest stands yet. */
  readonly number: number
  /** 16 hex digits of its maker's own, so that no two makers write equal bytes (decisions/004-nonce-in-the-body.md). */
  readonly nonce: string
  /** Objects whose base is below, and that no manifest from here on names, may be removed. */
  readonly floor: number
  /** Spans received before this, in ms since 1970, are not live and not compacted. */
  readonly expiredMs: number
  /** Spans received before this are in the index: a label for people, it proves nothing (DESIGN §7). */
  readonly asOfMs: number
  /** One a date of spans' starts, dates ascending. */
  readonly days: readonly DayListRef[]
  /** Oldest first. */
  readonly locators: readonly LocatorSet[]
  /** By hour of receipt, ascending; an hour may have several. */
  readonly receipts: readonly ReceiptsRef[]
  /** Keys of fresh files that the index holds and that are not yet gone, ascending. */
  readonly absorbed: readonly string[]
}

export interface DayListRef {
  /** `2026-11-20`. */
  readonly date: string
  readonly name: string
  /** Of the objects that the list names, so that a bill can be told from manifests alone. */
  readonly files: number
  readonly spanFileBytes: number
  /** True bounds of its spans' starts, signed: files of a date may hold others, where senders' clocks are wrong. */
  readonly startMinNs: bigint
  readonly startMaxNs: bigint
  /** The least `receivedToMs` of its files: before that passes, none of them expires. */
  readonly receivedToMinMs: number
}

/** Where traces lie: entries sorted by trace id, cut into buckets, each an object (`locators.ts`). */
export interface LocatorSet {
  /** The number of the manifest that brought it in. */
  readonly since: number
  readonly buckets: readonly LocatorBucketRef[]
  /** Numbers, in the set's list of span files, of those that are no longer live: ascending. */
  readonly dropped: readonly number[]
  /** How many span files the list has. */
  readonly files: number
}

export interface LocatorBucketRef {
  readonly name: string
  readonly bytes: number
  readonly entries: number
  readonly marks: LocatorMarks
}

export interface ReceiptsRef {
  /** `2026-11-20` and `17`. */
  readonly date: string
  readonly hour: string
  readonly name: string
  readonly bytes: number
  /** The object's first bytes, which hold the filter. */
  readonly filterBytes: number
}

/** What a reader that finds no manifest takes. */
export function emptyManifest(tenant: string, region: string): Manifest {
  return {
    tenant,
    region,
    number: 0,
    nonce: '0'.repeat(16),
    floor: 0,
    expiredMs: 0,
    asOfMs: 0,
    days: [],
    locators: [],
    receipts: [],
    absorbed: [],
  }
}
