import { describe, expect, test } from 'vitest'
import { adjustSpans } from '../../../../query/api/jaeger/adjust-spans.ts'
import { warningsOf } from '../../../../query/api/jaeger/tags.ts'
import type { AnyValue, KeyValue } from '../../../../src/span/span.ts'
import { hexOf } from '../../../../src/span/trace-id.ts'
import { someSpan, spanId } from '../../../helpers/some-span.ts'

const text = (key: string, value: string): KeyValue => ({ key, value: { kind: 'string', value } })
const int = (key: string, value: bigint): KeyValue => ({ key, value: { kind: 'int', value } })

describe('ids', () => {
  const [server, client, internal] = [2, 3, 1]
  const span = (id: number, kind: number, parent?: number) =>
    someSpan({
      spanId: spanId(id),
      kind,
      parentSpanId: parent === undefined ? undefined : spanId(parent),
    })
  const idsOf = (spans: readonly ReturnType<typeof span>[]) =>
    spans.map((one) => [hexOf(one.spanId), one.parentSpanId && hexOf(one.parentSpanId)])
  const hex = (id: number) => hexOf(spanId(id))

  test("a server's span that shares its client's id becomes its child and takes the children along", () => {
    const given = [span(1, client), span(1, server), span(2, internal, 1), span(3, client)]
    expect(idsOf(adjustSpans(given))).toEqual([
      [hex(1), undefined],
      [hex(4), hex(1)],
      [hex(2), hex(4)],
      [hex(3), undefined],
    ])
  })

  test('others that share an id stay', () => {
    const given = [span(1, internal), span(1, server), span(2, server, 1)]
    expect(adjustSpans(given)).toEqual(given)
  })

  test('many that share ids take time that grows with them', () => {
    const given = Array.from({ length: 40_000 }, (_, at) => [
      span(at + 1, client),
      span(at + 1, server),
    ]).flat()
    expect(new Set(adjustSpans(given).map((one) => hexOf(one.spanId))).size).toBe(80_000)
  })
})

test('attributes stand by key, events by time', () => {
  const event = (timeNs: bigint, name: string) => ({
    timeNs,
    name,
    attributes: [text('b', ''), text('a', '')],
    droppedAttributesCount: 0,
  })
  const [adjusted] = adjustSpans([
    someSpan({
      attributes: [text('b', '1'), text('a', '2')],
      events: [event(2n, 'late'), event(1n, 'early')],
    }),
  ])
  expect(adjusted?.attributes.map(({ key }) => key)).toEqual(['a', 'b'])
  expect(adjusted?.events.map(({ name }) => name)).toEqual(['early', 'late'])
  expect(adjusted?.events[0]?.attributes.map(({ key }) => key)).toEqual(['a', 'b'])
})

test('an IPv4 address sent as a number is shown as one', () => {
  const attributes = [int('ip', 0x01020304n), int('peer.ipv4', -1n), int('port', 80n)]
  const [adjusted] = adjustSpans([someSpan({ attributes: [...attributes, text('ipx', 'a')] })])
  expect(adjusted?.attributes).toEqual([
    text('ip', '1.2.3.4'),
    text('ipx', 'a'),
    text('peer.ipv4', '255.255.255.255'),
    int('port', 80n),
  ])
})

test('links without a trace are dropped', () => {
  const link = { spanId: spanId(1), traceState: '', flags: 0, attributes: [] }
  const links = [new Uint8Array(16), new Uint8Array(16).fill(1)].map((traceId) => ({
    ...link,
    traceId,
    droppedAttributesCount: 0,
  }))
  expect(adjustSpans([someSpan({ links })])[0]?.links).toEqual(links.slice(1))
})

test('what describes the SDK belongs to the resource; a contradiction is a warning', () => {
  const [name, version] = ['telemetry.sdk.name', 'telemetry.sdk.version']
  const warned: AnyValue = { kind: 'array', values: [{ kind: 'string', value: 'before' }] }
  const span = someSpan({
    attributes: [
      text(name, 'mine'),
      text(version, '1'),
      text('a', 'b'),
      { key: '@jaeger@warnings', value: warned },
    ],
    resource: { attributes: [text(name, 'other')], droppedAttributesCount: 0, schemaUrl: '' },
  })
  const [adjusted] = adjustSpans([span])
  expect(adjusted?.resource.attributes).toEqual([text(name, 'other'), text(version, '1')])
  const keys = adjusted?.attributes.map(({ key }) => key)
  expect(keys).toEqual(['@jaeger@warnings', 'a', 'telemetry.sdk.name'])
  expect(adjusted && warningsOf(adjusted)).toEqual([
    'before',
    `attribute must be the same on span and resource: ${name}`,
  ])
})
