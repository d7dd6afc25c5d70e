import { kindOf, messageOf, SpanlakeError } from '../../src/errors.ts'
import { costedStore, noCost } from '../../src/lookup/read-cost.ts'
import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { withSnapshot } from '../../src/snapshot/with-snapshot.ts'
import { checkSelect } from './check-select.ts'
import type { CheckedSelect } from './checked-select.ts'
import { type ChosenColumns, chooseColumns } from './choose-columns.ts'
import { filesToLay, type SqlReading } from './files-to-lay.ts'
import { knownKeys } from './known-keys.ts'
import { layFiles } from './lay-files.ts'
import { nearNames } from './near-names.ts'
import { pruneByTests } from './prune-by-tests.ts'
import type { SqlCost } from './sql-cost.ts'
import type { SqlEngine, SqlPart, SqlSession } from './sql-engine.ts'
import { type Branch, spansViewSql, tracesViewSql } from './view-sql.ts'
import { type WhereTest, whereTests } from './where-tests.ts'

export interface SqlOptions {
  /** One SELECT over `spans` and `traces`. */
  readonly sql: string
  /** Spans that start within are those that there are. */
  readonly range: TimeRange
  readonly format: 'rows' | 'parquet'
  /** The client is gone. */
  readonly signal?: AbortSignal
}

export interface SqlAnswer {
  /** The first has come when the answer begins; whoever has enough says so by `return`. */
  readonly parts: AsyncIterableIterator<SqlPart>
  readonly range: TimeRange
  /** Why rows may be missing; empty when the answer is complete. */
  readonly reasons: readonly string[]
  readonly cost: SqlCost
}

/**
 * Answers one SELECT that somebody wrote. It is checked first, then the columns that it names are laid down from one
 * snapshot of the tenant's files, and a process that sees nothing else runs it over views of them. Throws kind `invalid`
 * for what is no such SELECT or does not run, `too-large` for what would read too much, `throttled` and `unavailable`.
 */
export async function querySql(
  tenant: string,
  options: SqlOptions,
  { runtime, cache, engine }: SqlContext,
): Promise<SqlAnswer> {
  const { clock, meter } = runtime
  const cost: SqlCost = { ...noCost(), ...nothingRead }
  const costed = { ...runtime, store: costedStore(runtime.store, cost) }
  const startMs = clock.nowMs()
  const session = await engine.open(options.signal)
  const end = async () => {
    await session[Symbol.asyncDispose]()
    meter.count('spanlake_sql_queries_total', 1)
    meter.observe('spanlake_sql_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
    meter.count('spanlake_sql_gets_total', cost.gets)
    meter.count('spanlake_sql_bytes_total', cost.bytesRead)
  }
  try {
    const tree = await session.parse(options.sql)
    const asked = { checked: checkSelect(tree), tests: whereTests(tree) }
    const plan = await layPlan(tenant, asked, session, { options, runtime: costed, cache, cost })
    const { sql, format } = options
    const parts = session.run({ setup: plan.setup, sql, format })[Symbol.asyncIterator]()
    const first = await parts.next().catch((error) => {
      throw explained(error, plan)
    })
    return {
      parts: ending(first, parts, plan, end),
      range: options.range,
      reasons: plan.reasons,
      cost,
    }
  } catch (error) {
    await end()
    throw error
  }
}

export interface SqlContext {
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly engine: SqlEngine
}

const nothingRead = {
  filesConsidered: 0,
  filesRead: 0,
  groupsConsidered: 0,
  groupsRead: 0,
  bytesLaid: 0,
}

interface SqlPlan {
  readonly setup: readonly string[]
  readonly reasons: readonly string[]
  /** Every name that the views could have. */
  readonly names: readonly string[]
  /** Keys of files, by the path that they are laid down at. */
  readonly laid: ReadonlyMap<string, string>
}

interface Laying {
  readonly options: SqlOptions
  readonly runtime: Runtime
  readonly cache: ReadCache
  readonly cost: SqlCost
}

/** Lays down what the query reads, from files that are all there at once. */
async function layPlan(
  tenant: string,
  { checked, tests }: { readonly checked: CheckedSelect; readonly tests: readonly WhereTest[] },
  session: SqlSession,
  { options, runtime, cache, cost }: Laying,
): Promise<SqlPlan> {
  const { range, signal } = options
  if (checked.views.size === 0) return { setup: [], reasons: [], names: [], laid: new Map() }
  let attempt = 0
  return withSnapshot(tenant, runtime, cache, async (snapshot, strict) => {
    const { manifest, files, broken } = snapshot
    const filesConsidered = manifest.days.reduce((sum, day) => sum + day.files, files.length)
    // What begins again counts its files anew; what it asked of the store, it asked.
    Object.assign(cost, nothingRead, { filesConsidered })
    const reading: SqlReading = {
      snapshot,
      runtime: strict,
      cache,
      cost,
      troubles: new Set(broken),
    }
    const found = await filesToLay(range, reading)
    if (signal?.aborted) throw new SpanlakeError('unavailable', 'sql query was cancelled')
    const chosen = chooseColumns(checked, knownKeys(found.map(({ columns }) => columns)))
    const prefix = `f${attempt++}-`
    const pruned = await pruneByTests(found, tests, chosen.spans ?? [], range, reading)
    const { branches, laid } = await layFiles(pruned, chosen, range, {
      ...reading,
      session,
      prefix,
    })
    if (chosen.keysLeftOut > 0) {
      reading.troubles.add(`columns of ${chosen.keysLeftOut} rare attributes are not part of *`)
    }
    const reasons = [...reading.troubles].sort()
    return { setup: setupOf(chosen, branches, range), reasons, names: chosen.names, laid }
  })
}

function setupOf(
  { spans, traces }: ChosenColumns,
  branches: readonly Branch[],
  range: TimeRange,
): string[] {
  return [
    ...(spans ? [spansViewSql(spans, branches, range)] : []),
    ...(traces ? [tracesViewSql(traces.columns, traces.inputs, branches, range)] : []),
  ]
}

/** The parts, the first of which has come; then `end`, once. */
function ending(
  first: IteratorResult<SqlPart>,
  parts: AsyncIterator<SqlPart>,
  plan: SqlPlan,
  end: () => Promise<void>,
): AsyncIterableIterator<SqlPart> {
  let waiting: IteratorResult<SqlPart> | undefined = first
  let ended = false
  const finish = async () => {
    if (!ended) {
      ended = true
      await end()
    }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const result = waiting
      waiting = undefined
      try {
        const next = result ?? (await parts.next())
        if (next.done) await finish()
        return next
      } catch (error) {
        await finish()
        throw explained(error, plan)
      }
    },
    async return() {
      await finish()
      return { done: true, value: undefined }
    },
  }
}

const unknownColumn = /Referenced column "((?:[^"]|"")+)" (?:was )?not found/

/** The engine knows neither where its files come from nor which columns there could have been. */
function explained(error: unknown, { names, laid }: SqlPlan): unknown {
  if (!(error instanceof SpanlakeError)) return error
  let message = messageOf(error)
  for (const [path, key] of laid) message = message.replaceAll(path, key)
  const [, name] = unknownColumn.exec(message) ?? []
  if (name !== undefined && names.length > 0) {
    const near = nearNames(name, names).map((one) => `"${one}"`)
    // What the views have is what the query names: the engine's own suggestions are those of a column.
    const [told = ''] = message.split('\n')
    message = near.length > 0 ? `${told} did you mean ${near.join(', ')}` : told
  }
  const hint = hints.find(([said]) => said.test(message))?.[1]
  if (hint !== undefined) message = `${message.split('\n')[0]}: ${hint}`
  return new SpanlakeError(kindOf(error), message, { cause: error })
}

/** What everybody tries first, and how it is said here. */
const hints: readonly (readonly [said: RegExp, hint: string])[] = [
  [
    /Cannot compare values of type TIMESTAMP\S* and type TIMESTAMP WITH TIME ZONE/,
    'times here are plain ones in UTC, as is now()::TIMESTAMP',
  ],
  [
    /Referenced table "(resource|scope|span)" not found/i,
    'names with dots stand in double quotes, "resource.service.name"',
  ],
]
