import { resolve } from 'node:path'
import { messageOf, SpanlakeError } from '../../src/errors.ts'
import type { Log } from '../../src/ports/log.ts'
import type { SqlEngine } from '../sql/sql-engine.ts'
import { waitingLine } from '../waiting-line.ts'
import { makeSessionFolder, removeLeftBehind, removeSessionFolder } from './session-folder.ts'
import { type SqlBounds, sqlBounds } from './sql-bounds.ts'
import { type SqlProcess, startSqlProcess } from './sql-process.ts'
import { sqlSession } from './sql-session.ts'

export interface SqlPoolOptions {
  /** Where queries have their folders; made when it is not there. */
  readonly folder: string
  readonly log: Log
  /** Keeps one process ready for the next query, for a while after each. Default: true. */
  readonly spare?: boolean
  /** Default: those of limits.ts. */
  readonly bounds?: Partial<SqlBounds>
}

/** A process and the folder of both. */
interface Place {
  readonly process: SqlProcess
  readonly folder: string
}

/**
 * SQL in processes that each run one query: what one does to its engine, no other sees. Removes what others have left in
 * the folder; starts nothing before the first query; disposing ends all that run, and removes their files.
 */
export function sqlPool(options: SqlPoolOptions): SqlEngine & AsyncDisposable {
  const { log, spare = true } = options
  // A query's process stands in a folder of its own: from there, a relative path would lead elsewhere.
  const folder = resolve(options.folder)
  const bounds = { ...sqlBounds, ...options.bounds }
  const line = waitingLine('sql queries', {
    inside: bounds.queries,
    waiting: bounds.waiting,
    waitMs: bounds.waitMs,
  })
  const places = new Set<Place>()
  // At once, and not with the first query, which may never come: what a crash left are copies of spans.
  const cleaned = removeLeftBehind(folder).catch((error) => {
    log.warn('sql folder not cleaned', { folder, error: messageOf(error) })
  })
  let ready: Promise<Place> | undefined
  let idle: NodeJS.Timeout | undefined
  let closed = false

  async function startPlace(): Promise<Place> {
    await cleaned
    const own = await makeSessionFolder(folder)
    try {
      const place = { process: await startSqlProcess(own, bounds), folder: own }
      places.add(place)
      return place
    } catch (error) {
      const { cause } = error as Error
      log.error('sql engine does not start', { why: messageOf(cause ?? error) })
      await removeSessionFolder(own)
      throw error
    }
  }

  async function endPlace(place: Place): Promise<void> {
    const obituary = place.process.obituary()
    if (obituary !== undefined) log.warn('sql process ended by itself', { obituary })
    await place.process.end()
    await removeSessionFolder(place.folder)
    places.delete(place)
  }

  /** The one that is ready, unless it has ended meanwhile. */
  async function takePlace(): Promise<Place> {
    const waiting = ready
    ready = undefined
    clearTimeout(idle)
    const place = await waiting?.catch(() => undefined)
    if (place === undefined) return startPlace()
    if (place.process.obituary() === undefined) return place
    await endPlace(place)
    return startPlace()
  }

  /** After a query, so that its start takes nothing from one that runs. */
  function keepSpare(): void {
    if (!spare || closed || ready) return
    const starting = startPlace()
    starting.catch(() => {})
    ready = starting
    idle = setTimeout(() => {
      ready = undefined
      void starting.then(endPlace, () => {})
    }, bounds.spareMs)
    idle.unref()
  }

  return {
    async open(signal) {
      if (closed) throw closedError()
      const leave = await line.enter(signal)
      try {
        const place = await takePlace()
        if (closed) {
          await endPlace(place)
          throw closedError()
        }
        return sqlSession(
          {
            ...place,
            async release() {
              try {
                await endPlace(place)
              } finally {
                leave()
                keepSpare()
              }
            },
          },
          bounds,
          signal,
        )
      } catch (error) {
        leave()
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(idle)
      await cleaned
      await ready?.catch(() => {})
      await Promise.all([...places].map(endPlace))
    },
  }
}

function closedError(): SpanlakeError {
  return new SpanlakeError('unavailable', 'sql engine is closed')
}
