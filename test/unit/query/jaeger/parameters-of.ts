import type { Parameters } from '../../../../query/api/jaeger/parse-legacy-search.ts'
import type { Parameter } from '../../../../query/api/jaeger/parse-parameters.ts'

/** The parameters of a query string, as the routes read them. */
export function parametersOf(query: string): { all: Parameters; one: Parameter } {
  const params = new URLSearchParams(query)
  return { all: (name) => params.getAll(name), one: (name) => params.get(name) || undefined }
}
