import type { Runtime } from '../../../src/runtime.ts'
import type { ReadCache } from '../../../src/snapshot/read-cache.ts'
import { listOperations } from '../../tags/list-operations.ts'
import { listServices } from '../../tags/list-services.ts'
import type { JaegerReaders } from './readers.ts'

/** Jaeger's lists by the values of tags: what each file says is remembered, so that only new files are read. */
export function listReaders(
  runtime: Runtime,
  cache: ReadCache,
): Required<Pick<JaegerReaders, 'listServices' | 'listOperations'>> {
  return {
    async listServices(tenant, signal) {
      const { value, reasons } = await listServices(tenant, { signal }, runtime, cache)
      return { value, reasons }
    },
    async listOperations(tenant, service, signal) {
      const asked = { service, signal }
      const { value, reasons } = await listOperations(tenant, asked, runtime, cache)
      return { value, reasons }
    },
  }
}
