import type { Access, Role } from '../src/ingest/access.ts'
import type { Queue } from '../src/ports/queue.ts'
import type { Runtime } from '../src/runtime.ts'
import type { ReadCache } from '../src/snapshot/read-cache.ts'
import type { JaegerReaders } from './api/jaeger/readers.ts'
import type { SqlEngine } from './sql/sql-engine.ts'

/** What every route works with. */
export interface QueryContext {
  readonly runtime: Runtime
  readonly access: Pick<Access, 'authorize'>
  readonly cache: ReadCache
  /** Where replayed dead letters go. */
  readonly queue: Queue
  /** Rejects while this process cannot do its work; default: the store does not answer. */
  readonly ready?: () => Promise<unknown>
  /** Prometheus text; without it `/metrics` is not there. */
  readonly metricsText?: () => Promise<string>
  /** What Jaeger's APIs ask beyond traces by id; without a reader its routes are not there. */
  readonly jaeger?: JaegerReaders
  /** Runs SQL that users wrote; without it, it is refused. */
  readonly sql?: SqlEngine
}

/** The tenant that a request may act for in this role. */
export function tenantOf(request: Request, role: Role, { access }: QueryContext): string {
  const { tenant } = access.authorize(
    {
      authorization: request.headers.get('authorization') ?? undefined,
      orgId: request.headers.get('x-scope-orgid') ?? undefined,
    },
    role,
  )
  return tenant
}
