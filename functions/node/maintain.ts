import { nodeLog } from '../../src/adapters/node/log.ts'
import { expire } from '../../src/compact/expire.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { fsck } from '../../src/fsck/fsck.ts'
import { parseTokens } from '../../src/ingest/parse-tokens.ts'
import type { Runtime } from '../../src/runtime.ts'
import { listTenants } from '../../src/snapshot/list-tenants.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { readTokens } from './access-file.ts'
import { compactUntilDone } from './compact-until-done.ts'
import { keepRegion } from './data-region.ts'
import { holdsNothing, runtimeOnData } from './runtime-on-data.ts'
import { textOf } from './text-of.ts'

/** The bucket that a command works on; a server may run on it, as all of this may race. */
export interface MaintainOptions {
  readonly data: string
  /** Default: the one that the data directory is of. */
  readonly region?: string
  /** Default: every tenant that has an object. */
  readonly tenant?: string
}

/** Merges until nothing is left to merge; exits with 1 when others were in the way for too long. */
export async function compactCommand(options: MaintainOptions): Promise<void> {
  await eachTenant(options, async (tenant, runtime) => {
    const totals = await compactUntilDone(tenant, runtime, (report) =>
      process.stderr.write(
        `${tenant}: ${report.kind === 'fresh' ? 'fresh' : 'span'} files ${report.filesBefore} → ` +
          `${report.filesAfter}, spans ${report.rowsAfter.toLocaleString('en-US')}\n`,
      ),
    )
    print({ tenant, ...totals })
    if (totals.complete) return
    process.stderr.write(`${tenant}: stopped, as others were faster again and again: run it anew\n`)
    process.exitCode = 1
  })
}

export interface ExpireOptions extends MaintainOptions {
  /** Milliseconds. */
  readonly retention: number
  /** Whether that goes for all tenants, also for those that have their own in the tokens file. */
  readonly isForAll: boolean
  readonly tokens?: string
}

export async function expireCommand(options: ExpireOptions): Promise<void> {
  const { tenants } = options.tokens ? parseTokens(await readTokens(options.tokens)) : {}
  await eachTenant(options, async (tenant, runtime) => {
    const own = options.isForAll ? undefined : tenants?.get(tenant)?.retentionMs
    const report = await expire(tenant, own ?? options.retention, runtime, readCache())
    const { expiredMs, ...counts } = report ?? { expiredMs: 0, spanFiles: 0, freshFiles: 0 }
    const receivedBefore = report ? new Date(expiredMs).toISOString() : null
    print({ tenant, receivedBefore, ...counts })
  })
}

export async function sweepCommand(
  options: MaintainOptions & { readonly grace: number },
): Promise<void> {
  await eachTenant(options, async (tenant, runtime) => {
    print({
      tenant,
      ...(await sweep(tenant, runtime, readCache().index, { graceMs: options.grace })),
    })
  })
}

/** Exits with 1 when something is wrong. */
export async function fsckCommand(
  options: MaintainOptions & { readonly deep?: boolean; readonly unnamed?: boolean },
): Promise<void> {
  await eachTenant(options, async (tenant, runtime) => {
    const report = await fsck(tenant, runtime, { deep: options.deep ?? false })
    const { problems, unnamed, ...counts } = report
    for (const problem of problems) process.stderr.write(`${tenant}: ${problem}\n`)
    if (options.unnamed) {
      for (const { key, bytes } of unnamed)
        process.stderr.write(`${tenant}: unnamed ${key}, ${bytes} bytes\n`)
    }
    print({ tenant, ...counts, problems: problems.length, unnamed: unnamed.length })
    if (problems.length > 0) process.exitCode = 1
  })
}

function print(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** One tenant's trouble is told of, and does not hold up the others; the exit code is 1 then. */
async function eachTenant(
  { data, region, tenant }: MaintainOptions,
  work: (tenant: string, runtime: Runtime) => Promise<void>,
): Promise<void> {
  const runtime = await runtimeOnData(data, region, nodeLog('warn'))
  const tenants = await listTenants(runtime.store)
  if (tenants.length === 0) throw holdsNothing(data)
  if (tenant && !tenants.includes(tenant)) {
    throw new SpanlakeError('invalid', `tenant must have objects, got ${tenant}`)
  }
  await keepRegion(data, runtime.region)
  for (const each of tenant ? [tenant] : tenants) {
    try {
      await work(each, runtime)
    } catch (error) {
      process.stderr.write(`${each}: ${textOf(error)}\n`)
      process.exitCode = 1
    }
  }
}
