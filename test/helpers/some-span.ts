import type { Span } from '../../src/span/span.ts'

/** A span with everything at its default but what a test varies. */
export function someSpan(fields: Partial<Span> & { readonly service?: string } = {}): Span {
  const { service, ...own } = fields
  const name = { key: 'service.name', value: { kind: 'string', value: service ?? '' } } as const
  return {
    traceId: new Uint8Array(16).fill(0xab),
    spanId: spanId(1),
    parentSpanId: undefined,
    traceState: '',
    name: '',
    kind: 1,
    startNs: 0n,
    endNs: 0n,
    statusCode: 0,
    statusMessage: '',
    flags: 0,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    resource: {
      attributes: service === undefined ? [] : [name],
      droppedAttributesCount: 0,
      schemaUrl: '',
    },
    scope: { name: '', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' },
    ...own,
  }
}

export function spanId(number: number): Uint8Array {
  const id = new Uint8Array(8)
  new DataView(id.buffer).setUint32(4, number)
  return id
}
