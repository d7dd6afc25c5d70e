import type { Runtime } from '../../../src/runtime.ts'
import type { ReadCache } from '../../../src/snapshot/read-cache.ts'
import { readDependencies } from '../../dependencies/read-dependencies.ts'
import type { JaegerReaders } from './readers.ts'

/** Jaeger's dependencies by the spans of this store. */
export function dependencyReaders(
  runtime: Runtime,
  cache: ReadCache,
): Required<Pick<JaegerReaders, 'readDependencies'>> {
  return {
    readDependencies: (tenant, range, signal) =>
      readDependencies(tenant, range, signal, runtime, cache),
  }
}
