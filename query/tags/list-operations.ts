import type { TimeRange } from '../../src/prune/condition.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { ReadCache } from '../../src/snapshot/read-cache.ts'
import { kindNames } from '../search/span-values.ts'
import type { SpanTable } from '../traceql/span-table.ts'
import { type DistinctScan, distinctValues } from './distinct-values.ts'
import { readTags, type TagAnswer } from './tag-reading.ts'
import { serviceName } from './tag-values.ts'

export interface ListOperationsOptions {
  readonly service: string
  /** Only of spans that start within. */
  readonly range?: TimeRange
  /** The client is gone. */
  readonly signal?: AbortSignal
}

/** What a service does: the name of a span, and its kind. */
export interface Operation {
  readonly name: string
  /** OTLP's number. */
  readonly kind: number
}

/**
 * The names of a service's spans with their kinds, by name and then kind, each pair once; none for an unknown service.
 * What a whole file says is remembered, so that only new files and the edges of a range are read.
 */
export async function listOperations(
  tenant: string,
  { service, range, signal }: ListOperationsOptions,
  runtime: Runtime,
  cache: ReadCache,
): Promise<TagAnswer<readonly Operation[]>> {
  const scan = operationsOf(service)
  return readTags(tenant, signal, { runtime, cache }, async (reading) => {
    const values = await distinctValues(scan, { range }, reading)
    return values.map((value) => operationOf(String(value))).sort(byNameAndKind)
  })
}

function operationsOf(service: string): DistinctScan {
  const value = { kind: 'string', value: service } as const
  return {
    name: `operations of ${service}`,
    fields: [
      { kind: 'intrinsic', name: 'name' },
      { kind: 'intrinsic', name: 'kind' },
    ],
    condition: { kind: 'compare', field: serviceName, operator: '=', value },
    read:
      ({ name, kind }: SpanTable) =>
      (row, add) =>
        add(`${kindNames.indexOf(kind(row))} ${name(row)}`),
  }
}

/** Of the text that `operationsOf` adds. */
function operationOf(text: string): Operation {
  return { name: text.slice(2), kind: Number(text.slice(0, 1)) }
}

function byNameAndKind(a: Operation, b: Operation): number {
  return a.name === b.name ? a.kind - b.kind : a.name < b.name ? -1 : 1
}
