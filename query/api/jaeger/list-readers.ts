import type { Runtime } from '../../../src/runtime.ts'
import type { ReadCache } from '../../../src/snapshot/read-cache.ts'
import { kindNames } from '../../search/span-values.ts'
import type { TagScalar } from '../../tags/distinct-set.ts'
import { distinctValues } from '../../tags/distinct-values.ts'
import { readTags } from '../../tags/tag-reading.ts'
import { serviceName, tagValues } from '../../tags/tag-values.ts'
import type { SpanTable } from '../../traceql/span-table.ts'
import type { JaegerReaders, Operation } from './readers.ts'

/** Jaeger's lists by the values of tags: what each file says is remembered, so that only new files are read. */
export function listReaders(
  runtime: Runtime,
  cache: ReadCache,
): Required<Pick<JaegerReaders, 'listServices' | 'listOperations'>> {
  return {
    async listServices(tenant, signal) {
      const { value, reasons } = await tagValues(tenant, serviceName, { signal }, runtime, cache)
      const names = value.flatMap(({ type, text }) => (type === 'string' ? text : []))
      return { value: names, reasons }
    },
    async listOperations(tenant, service, signal) {
      const { value, reasons } = await readTags(tenant, signal, { runtime, cache }, (reading) =>
        distinctValues(operationsOf(service), {}, reading),
      )
      return { value: value.map(operation).sort(byNameAndKind), reasons }
    },
  }
}

function operationsOf(service: string) {
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
      (row: number, add: (text: string) => void) =>
        add(`${kindNames.indexOf(kind(row))} ${name(row)}`),
  } as const
}

/** Of the text that `operationsOf` adds. */
function operation(value: TagScalar): Operation {
  const text = String(value)
  return { name: text.slice(2), kind: Number(text.slice(0, 1)) }
}

function byNameAndKind(a: Operation, b: Operation): number {
  return a.name === b.name ? a.kind - b.kind : a.name < b.name ? -1 : 1
}
