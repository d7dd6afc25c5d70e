import type { Span } from './span.ts'

/** The `service.name` of the span's resource, when it is a string. */
export function serviceOf({ resource }: Span): string | undefined {
  const service = resource.attributes.find(({ key }) => key === 'service.name')?.value
  return service?.kind === 'string' ? service.value : undefined
}
