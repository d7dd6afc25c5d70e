import { DatabaseSync } from 'node:sqlite'
import { SpanlakeError } from '../../errors.ts'
import type { QueueDepth, ReceiveOptions } from '../../ports/queue.ts'
import type { DeliveredMessage } from './sqlite-queue.ts'

/** The queue's table, to be used within its transactions. Times are in ms since 1970. */
export interface MessageTable {
  begin(): void
  /** Durable once this returns. */
  commit(): void
  rollback(): void
  add(body: Uint8Array, nowMs: number): void
  take(options: ReceiveOptions, nowMs: number): DeliveredMessage[]
  remove(id: string): void
  /** Makes a message visible at `visibleMs`, unless it was delivered again since `attempt`. */
  release(id: string, attempt: number, visibleMs: number): void
  depth(): QueueDepth
  bytes(): number
  nextVisibleMs(): number
  close(): void
}

// Pages that deleted messages leave are given back in pieces, so that no commit takes long.
const vacuumPages = 512
const freePagesMax = 4_096

/** Opens or creates the table. Whatever an earlier owner had in hand is visible again: that owner is dead. */
export function openMessageTable(path: string, nowMs: number): MessageTable {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  requirePragma(database, 'journal_mode', 'WAL', 'wal')
  requirePragma(database, 'synchronous', 'FULL', 2)
  database.exec(`
    CREATE TABLE IF NOT EXISTS messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      body BLOB NOT NULL,
      bytes INTEGER NOT NULL,
      sent_ms REAL NOT NULL,
      visible_ms REAL NOT NULL,
      attempt INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS messages_visible ON messages (visible_ms);
    CREATE INDEX IF NOT EXISTS messages_bytes ON messages (bytes);
  `)
  database.prepare('UPDATE messages SET visible_ms = ? WHERE visible_ms > ?').run(nowMs, nowMs)
  return tableOf(database)
}

function tableOf(database: DatabaseSync): MessageTable {
  const insert = database.prepare(
    'INSERT INTO messages (body, bytes, sent_ms, visible_ms, attempt) VALUES (?, ?, ?, ?, 0)',
  )
  const due = database.prepare(
    'SELECT id, bytes FROM messages WHERE visible_ms <= ? ORDER BY id LIMIT ?',
  )
  const read = database.prepare('SELECT body, attempt, sent_ms FROM messages WHERE id = ?')
  const hide = database.prepare(
    'UPDATE messages SET visible_ms = ?, attempt = attempt + 1 WHERE id = ?',
  )
  const bytesOf = database.prepare('SELECT bytes FROM messages WHERE id = ?')
  const remove = database.prepare('DELETE FROM messages WHERE id = ?')
  const show = database.prepare('UPDATE messages SET visible_ms = ? WHERE id = ? AND attempt = ?')
  const first = database.prepare('SELECT sent_ms FROM messages ORDER BY id LIMIT 1')
  const nextVisible = database.prepare('SELECT min(visible_ms) AS ms FROM messages')
  const totals = database.prepare(
    'SELECT count(*) AS messages, total(bytes) AS bytes FROM messages',
  )

  // Kept beside the table, as counting it would read all of it. A rollback counts anew.
  let held = totals.get() as { messages: number; bytes: number }

  return {
    begin: () => database.exec('BEGIN IMMEDIATE'),
    commit: () => database.exec('COMMIT'),
    rollback() {
      if (database.isTransaction) database.exec('ROLLBACK')
      held = totals.get() as typeof held
    },
    add(body, nowMs) {
      insert.run(body, body.length, nowMs, nowMs)
      held = { messages: held.messages + 1, bytes: held.bytes + body.length }
    },
    take({ messagesMax, bytesMax, visibilityMs }, nowMs) {
      const taken: DeliveredMessage[] = []
      let bytes = 0
      for (const row of due.all(nowMs, messagesMax) as { id: number; bytes: number }[]) {
        if (taken.length > 0 && bytes + row.bytes > bytesMax) break
        bytes += row.bytes
        hide.run(nowMs + visibilityMs, row.id)
        const { body, attempt, sent_ms } = read.get(row.id) as unknown as StoredMessage
        taken.push({ id: String(row.id), body, attempt, sentMs: sent_ms })
      }
      return taken
    },
    remove(id) {
      const row = bytesOf.get(Number(id)) as { bytes: number } | undefined
      if (row === undefined) return
      remove.run(Number(id))
      held = { messages: held.messages - 1, bytes: held.bytes - row.bytes }
      if (held.messages % 256 === 0) giveBackPages(database)
    },
    release: (id, attempt, visibleMs) => void show.run(visibleMs, Number(id), attempt),
    depth() {
      const oldest = first.get() as { sent_ms: number } | undefined
      return { ...held, oldestSentMs: oldest?.sent_ms }
    },
    bytes: () => held.bytes,
    nextVisibleMs: () =>
      (nextVisible.get() as { ms: number | null }).ms ?? Number.POSITIVE_INFINITY,
    close: () => database.close(),
  }
}

interface StoredMessage {
  readonly body: Uint8Array<ArrayBuffer>
  readonly attempt: number
  readonly sent_ms: number
}

function giveBackPages(database: DatabaseSync): void {
  const { freelist_count } = database.prepare('PRAGMA freelist_count').get() as {
    freelist_count: number
  }
  if (freelist_count > freePagesMax) database.exec(`PRAGMA incremental_vacuum(${vacuumPages})`)
}

/** Sets a pragma and reads it back: SQLite ignores what it cannot do, and durability rests on these. */
function requirePragma(
  database: DatabaseSync,
  name: string,
  value: string,
  expected: unknown,
): void {
  database.exec(`PRAGMA ${name} = ${value}`)
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>
  if (row[name] === expected) return
  throw new SpanlakeError(
    'unavailable',
    `sqlite ${name} must be ${value}, got ${String(row[name])}`,
  )
}
