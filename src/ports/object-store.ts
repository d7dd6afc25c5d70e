/**
 * A flat map from key to immutable bytes: a folder, a bucket. Keys are at most 1,024 bytes of printable ASCII with `/`
 * between parts; no part is empty, `.` or `..`.
 *
 * Trouble is thrown as kind `unavailable` (an answer may have been lost: the put may or may not have taken effect);
 * expected outcomes are values.
 */
export interface ObjectStore {
  /** The largest body `put` takes, in bytes. */
  readonly maxPutBytes: number

  /**
   * Writes a whole object, atomically and durably: once resolved, every later `get` and `list` by anyone sees it, also
   * after a crash; no reader ever sees a part of it.
   *
   * - `create` writes only where nothing stands; of racing creates of one key exactly one is `written`.
   * - `overwrite` always writes.
   * - `update` writes only over the version named.
   *
   * MUST answer `conflict` when the condition does not hold, without touching what stands. MUST reject with kind
   * `too-large` above `maxPutBytes`, before any I/O. MUST leave `body` usable and unchanged. An adapter MUST NOT retry
   * a `create` whose answer it lost: `wrap/retrying.ts` does so and tells its own success from another's by reading
   * back, which is why two makers of one key must never write equal bytes that mean different things
   * (decisions/004-nonce-in-the-body.md).
   */
  put(key: string, body: Uint8Array, mode: PutMode): Promise<PutResult>

  /**
   * Reads an object or a range of it; undefined when it is missing. A range past the end is cut; a range that begins
   * past the end is empty. The caller owns the bytes.
   */
  get(key: string, range?: ByteRange): Promise<StoredBytes | undefined>

  /**
   * One page of the keys that begin with `prefix`, in byte order, beginning after `after`. MAY return fewer than there
   * are; `more` says whether to go on from the last one. What was written before the call MUST be there. MAY find out
   * what an entry says besides its key when that is read, and what is deleted by then says nothing.
   */
  list(prefix: string, after?: string): Promise<ListPage>

  /** Removes objects; one that is missing is no error. At most `maxDeleteKeys` (1,000) at a time. */
  delete(keys: readonly string[]): Promise<void>
}

export type PutMode =
  | { kind: 'create' }
  | { kind: 'overwrite' }
  | { kind: 'update'; version: string }

export type PutResult = { kind: 'written'; version: string } | { kind: 'conflict' }

/** `length` bytes from `offset`, or the last `suffix` bytes. */
export type ByteRange = { offset: number; length: number } | { suffix: number }

export interface StoredBytes {
  readonly body: Uint8Array
  /** The size of the whole object in bytes, also when a range was asked for. */
  readonly bytes: number
  readonly version: string
}

export interface ListEntry {
  readonly key: string
  readonly bytes: number
  readonly version: string
  /** The store's own time of the write, in ms since 1970: its clock, not ours. */
  readonly modifiedMs: number
}

export interface ListPage {
  readonly entries: readonly ListEntry[]
  readonly more: boolean
}

/** Every entry under a prefix, page by page. */
export async function* listAll(
  store: ObjectStore,
  prefix: string,
  after?: string,
): AsyncGenerator<ListEntry> {
  let last = after
  for (;;) {
    const page = await store.list(prefix, last)
    yield* page.entries
    const end = page.entries.at(-1)
    if (!page.more || end === undefined) return
    last = end.key
  }
}
