import { messageOf } from '../errors.ts'
import { expireEveryMs, sweepEveryMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { listTenants } from '../snapshot/list-tenants.ts'
import type { ReadCache } from '../snapshot/read-cache.ts'
import { sweep } from '../sweep/sweep.ts'
import { type Backlog, compactStep } from './compact.ts'
import { expire } from './expire.ts'

export interface CompactionOptions {
  /** How long it rests when there is nothing to do. */
  readonly intervalMs: number
  /** Of the time, how much it may work at most: 0.5 rests as long as it worked. */
  readonly share: number
  /** How long a tenant's spans are kept. */
  readonly retentionMsOf: (tenant: string) => number
  readonly signal: AbortSignal
}

/**
 * Compacts, expires and sweeps every tenant until the signal is given, one step at a time; between two steps it rests,
 * so that it takes a bounded share of what flushes need too. Trouble is logged and tried again: nothing is lost by a
 * step that fails.
 */
export async function runCompaction(
  runtime: Runtime,
  cache: ReadCache,
  { intervalMs, share, retentionMsOf, signal }: CompactionOptions,
): Promise<void> {
  const due = new Map<string, { expireMs: number; sweepMs: number }>()
  while (!signal.aborted) {
    let worked = false
    for (const tenant of await tenantsOf(runtime)) {
      if (signal.aborted) return
      const startMs = runtime.clock.nowMs()
      const did = await attempt(tenant, runtime, async () => {
        const next = due.get(tenant) ?? { expireMs: 0, sweepMs: startMs + sweepEveryMs / 2 }
        due.set(tenant, next)
        if (startMs >= next.expireMs) {
          next.expireMs = startMs + expireEveryMs
          await expireTenant(tenant, retentionMsOf(tenant), runtime, cache)
        }
        if (startMs >= next.sweepMs) {
          next.sweepMs = startMs + sweepEveryMs
          await sweepTenant(tenant, runtime, cache)
        }
        return compactTenant(tenant, runtime, cache)
      })
      worked ||= did
      if (did) await rest((runtime.clock.nowMs() - startMs) * (1 / share - 1), runtime, signal)
    }
    if (!worked) await rest(intervalMs, runtime, signal)
  }
}

async function tenantsOf(runtime: Runtime): Promise<string[]> {
  try {
    return await listTenants(runtime.store)
  } catch (error) {
    runtime.log.warn('compaction cannot list tenants', { error: messageOf(error) })
    return []
  }
}

async function attempt(
  tenant: string,
  { log, meter }: Runtime,
  work: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    meter.count('spanlake_compaction_failures_total', 1)
    log.warn('compaction failed, will be tried again', { tenant, error: messageOf(error) })
    return false
  }
}

/** One step; whether there may be more to do at once. */
async function compactTenant(tenant: string, runtime: Runtime, cache: ReadCache): Promise<boolean> {
  const startMs = runtime.clock.nowMs()
  const step = await compactStep(tenant, runtime, cache, {
    onBacklog: (backlog) => showBacklog(tenant, backlog, runtime),
  })
  if (step.kind === 'merged') {
    const { report } = step
    const seconds = Math.max(0, runtime.clock.nowMs() - startMs) / 1_000
    const { meter, log } = runtime
    const labels = { kind: report.kind }
    meter.count('spanlake_compactions_total', 1, labels)
    meter.count('spanlake_compaction_files_read_total', report.filesBefore, labels)
    meter.count('spanlake_compaction_files_written_total', report.filesAfter, labels)
    meter.count('spanlake_compaction_spans_total', report.rowsBefore, labels)
    meter.count('spanlake_compaction_read_bytes_total', report.bytesRead, labels)
    meter.count('spanlake_compaction_written_bytes_total', report.bytesWritten, labels)
    meter.observe('spanlake_compaction_seconds', seconds)
    log.info('compacted', { tenant, ...report, seconds })
  }
  return step.kind !== 'nothing' && step.kind !== 'lost'
}

function showBacklog(tenant: string, backlog: Backlog, { meter, clock }: Runtime): void {
  const labels = { tenant }
  const ageMs = backlog.oldestMs === undefined ? 0 : clock.nowMs() - backlog.oldestMs
  meter.gauge('spanlake_fresh_files', backlog.freshFiles, labels)
  meter.gauge('spanlake_fresh_bytes', backlog.freshBytes, labels)
  meter.gauge('spanlake_fresh_oldest_seconds', Math.max(0, ageMs) / 1_000, labels)
  meter.gauge('spanlake_span_files', backlog.spanFiles, labels)
  meter.gauge('spanlake_span_file_bytes', backlog.spanFileBytes, labels)
}

async function expireTenant(
  tenant: string,
  retentionMs: number,
  runtime: Runtime,
  cache: ReadCache,
): Promise<void> {
  const report = await expire(tenant, retentionMs, runtime, cache)
  if (report && report.spanFiles + report.freshFiles > 0) {
    runtime.log.info('expired', { tenant, ...report })
  }
}

async function sweepTenant(tenant: string, runtime: Runtime, cache: ReadCache): Promise<void> {
  const report = await sweep(tenant, runtime, cache.index)
  const { floor, more, ...removed } = report
  const objects = Object.values(removed).reduce((sum, count) => sum + count, 0)
  runtime.meter.count('spanlake_swept_objects_total', objects)
  if (objects > 0) runtime.log.info('swept', { tenant, floor, more, ...removed })
}

/** In short naps, so that a stop is soon noticed. */
async function rest(ms: number, { clock }: Runtime, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal.aborted; left -= 100)
    await clock.sleep(Math.min(left, 100))
}
