import { expect, test } from 'vitest'
import { kindOf } from '../../../src/errors.ts'
import {
  jsonDepthMax,
  jsonMembersMax,
  requestItemsMax,
  requestSpansMax,
  spanItemsMax,
} from '../../../src/limits.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import { checkJsonBounds } from '../../../src/otlp/json-bounds.ts'
import { spansOf } from './decoded.ts'
import { field, ids, join, keyValue, request } from './wire.ts'

function refusalOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    return `${kindOf(error)}: ${(error as Error).message}`
  }
}

/** The same empty field many times over: two or three bytes each. */
function repeated(number: number, count: number): Uint8Array {
  const one = field(number)
  const all = new Uint8Array(one.length * count)
  for (let at = 0; at < all.length; at += one.length) all.set(one, at)
  return all
}

const tooManyItems = `too-large: otlp request must have at most ${requestItemsMax} spans, attributes and values`

// What counts beside the items asked for: a resource, a scope and a span around them.
const around = 3
const spanFields = { attributes: 9, events: 11, links: 13 } as const

test('a request holds so many items and no more, whatever they are', () => {
  const array = (count: number) => field(5, repeated(1, count))
  const map = (count: number) => field(6, repeated(1, count))
  const bodies: Record<string, (count: number) => Uint8Array> = {
    'values of an array': (count) => request(join(ids, field(9, keyValue('k', array(count - 1))))),
    'values of a map': (count) => request(join(ids, field(9, keyValue('k', map(count - 1))))),
    'attributes of an event': (count) => request(join(ids, field(11, repeated(3, count - 1)))),
    'attributes of a link': (count) => request(join(ids, field(13, repeated(4, count - 1)))),
  }
  for (const [what, body] of Object.entries(bodies)) {
    const most = requestItemsMax - around
    expect(checkRequest(body(most)), what).toMatchObject({ items: requestItemsMax, spans: 1 })
    expect(
      refusalOf(() => checkRequest(body(most + 1))),
      what,
    ).toBe(tooManyItems)
  }
})

test('resources, scopes and their attributes count too', () => {
  const resources = (count: number) => repeated(1, count)
  expect(checkRequest(resources(requestItemsMax)).items).toBe(requestItemsMax)
  expect(refusalOf(() => checkRequest(resources(requestItemsMax + 1)))).toBe(tooManyItems)
  const scopes = (count: number) => field(1, repeated(2, count))
  expect(checkRequest(scopes(requestItemsMax - 1)).items).toBe(requestItemsMax)
  expect(refusalOf(() => checkRequest(scopes(requestItemsMax)))).toBe(tooManyItems)
  const attributes = (count: number) => field(1, field(1, repeated(1, count)))
  expect(checkRequest(attributes(requestItemsMax - 1)).items).toBe(requestItemsMax)
  expect(refusalOf(() => checkRequest(attributes(requestItemsMax)))).toBe(tooManyItems)
  const merged = (count: number) =>
    field(1, field(1, repeated(1, count / 2)), field(1, repeated(1, count / 2)))
  expect(checkRequest(merged(requestItemsMax - 2)).items).toBe(requestItemsMax - 1)
  expect(refusalOf(() => checkRequest(merged(requestItemsMax)))).toBe(tooManyItems)
})

test('a request holds so many spans and no more, the invalid ones included', () => {
  const spans = (count: number) => field(1, field(2, repeated(2, count)))
  expect(checkRequest(spans(requestSpansMax))).toMatchObject({
    spans: requestSpansMax,
    invalidSpans: requestSpansMax,
  })
  expect(refusalOf(() => checkRequest(spans(requestSpansMax + 1)))).toBe(
    `too-large: otlp request must have at most ${requestSpansMax} spans`,
  )
})

test.each(Object.entries(spanFields))('a span with too many %s is invalid, alone', (_, number) => {
  const bad = join(ids, repeated(number, spanItemsMax + 1))
  const good = join(ids, repeated(number, spanItemsMax))
  const body = request(bad, good, ids)
  const checked = checkRequest(body)
  expect(checked).toMatchObject({ spans: 3, invalidSpans: 1 })
  expect([...checked.reasons.keys()]).toEqual([
    `span must have at most ${spanItemsMax} attributes, events and links`,
  ])
  expect(spansOf(body)).toHaveLength(2)
})

const encoder = new TextEncoder()
const json = (text: string) => encoder.encode(text)

test('json is nested so deep and no deeper', () => {
  const nested = (depth: number) => json('['.repeat(depth) + ']'.repeat(depth))
  expect(refusalOf(() => checkJsonBounds(nested(jsonDepthMax)))).toBe('none')
  expect(refusalOf(() => checkJsonBounds(nested(jsonDepthMax + 1)))).toBe(
    `invalid: otlp json must be nested at most ${jsonDepthMax} deep`,
  )
  // Depth is of what is open, not of what was.
  expect(refusalOf(() => checkJsonBounds(json('[{}],'.repeat(jsonDepthMax))))).toBe('none')
})

test('json has so many members and no more; what stands in strings is none', () => {
  const members = (count: number) => json(`[${','.repeat(count - 1)}`)
  expect(refusalOf(() => checkJsonBounds(members(jsonMembersMax)))).toBe('none')
  expect(refusalOf(() => checkJsonBounds(members(jsonMembersMax + 1)))).toBe(
    `too-large: otlp json must have at most ${jsonMembersMax} members, got ${jsonMembersMax + 1}`,
  )
  const commas = ','.repeat(jsonMembersMax + 1)
  for (const string of [`"${commas}"`, `"\\"${commas}"`, `"a\\\\\\"${commas}"`, `"${commas}`]) {
    expect(refusalOf(() => checkJsonBounds(json(string)))).toBe('none')
  }
  // Two backslashes are one that is escaped: the string ends behind them.
  expect(refusalOf(() => checkJsonBounds(json(`"\\\\"${commas}`)))).toContain('too-large')
})
