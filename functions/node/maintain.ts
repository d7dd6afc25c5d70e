import { existsSync } from 'node:fs'
import { nodeLog } from '../../src/adapters/node/log.ts'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { expire } from '../../src/compact/expire.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { fsck } from '../../src/fsck/fsck.ts'
import { defaultLimits } from '../../src/limits.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { Runtime } from '../../src/runtime.ts'
import { listTenants } from '../../src/snapshot/list-tenants.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { storeFolder } from './data-folders.ts'
import { findRegion, keepRegion } from './data-region.ts'

/** The bucket that a command works on; a server may run on it, as all of this may race. */
export interface MaintainOptions {
  readonly data: string
  /** Default: the one that the data directory is of. */
  readonly region?: string
  /** Default: every tenant that has an object. */
  readonly tenant?: string
}

/** Merges until nothing is left to merge. */
export async function compactCommand(options: MaintainOptions): Promise<void> {
  await eachTenant(options, async (tenant, runtime) => {
    const cache = readCache()
    const done = { merges: 0, filesBefore: 0, filesAfter: 0, spans: 0, bytesWritten: 0 }
    for (let lost = 0; lost < 5; ) {
      const step = await compactStep(tenant, runtime, cache, { now: true })
      if (step.kind === 'nothing') break
      if (step.kind === 'lost') lost++
      if (step.kind !== 'merged') continue
      const { report } = step
      done.merges++
      done.filesBefore += report.filesBefore
      done.filesAfter += report.filesAfter
      done.spans += report.rowsBefore
      done.bytesWritten += report.bytesWritten
      process.stderr.write(
        `${tenant}: ${report.kind === 'fresh' ? 'fresh' : 'span'} files ${report.filesBefore} → ` +
          `${report.filesAfter}, spans ${report.rowsAfter.toLocaleString('en-US')}\n`,
      )
    }
    print({ tenant, ...done })
  })
}

export async function expireCommand(
  options: MaintainOptions & { readonly retention: number },
): Promise<void> {
  await eachTenant(options, async (tenant, runtime) => {
    const report = await expire(tenant, options.retention, runtime, readCache())
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

async function eachTenant(
  { data, region, tenant }: MaintainOptions,
  work: (tenant: string, runtime: Runtime) => Promise<void>,
): Promise<void> {
  const nothing = new SpanlakeError('invalid', `data directory must hold spans, ${data}`)
  if (!existsSync(storeFolder(data))) throw nothing
  const runtime = await nodeRuntime({
    storeFolder: storeFolder(data),
    region: await findRegion(data, region),
    limits: defaultLimits,
    log: nodeLog('warn'),
    meter: silentMeter,
  })
  const tenants = tenant ? [tenant] : await listTenants(runtime.store)
  if (tenants.length === 0) throw nothing
  await keepRegion(data, runtime.region)
  for (const each of tenants) await work(each, runtime)
}
