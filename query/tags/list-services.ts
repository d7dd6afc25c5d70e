import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import type { TagAnswer } from './tag-reading.ts'
import { serviceName, tagValues } from './tag-values.ts'

export interface ListServicesOptions {
  /** Only of spans that start within. */
  readonly range?: TimeRange
  /** The client is gone. */
  readonly signal?: AbortSignal
}

/** The names of all services that have spans, sorted. What a whole file says is remembered. */
export async function listServices(
  tenant: string,
  options: ListServicesOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TagAnswer<readonly string[]>> {
  const answer = await tagValues(tenant, serviceName, options, runtime, cache)
  // A name that is no text names nothing that anybody could ask for.
  const names = answer.value.flatMap(({ type, text }) => (type === 'string' ? text : []))
  return { ...answer, value: names }
}
