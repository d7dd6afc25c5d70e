import { describe, expect, test } from 'vitest'
import { callSums } from '../../../../query/dependencies/call-sums.ts'
import { groupCalls } from '../../../../query/dependencies/group-calls.ts'
import type { Span } from '../../../../src/span/span.ts'
import { callGroupOf } from '../../../helpers/call-group.ts'
import { naiveDependencies } from '../../../helpers/naive-dependencies.ts'
import { someSpan, spanId } from '../../../helpers/some-span.ts'

const [server, client, internal] = [2, 3, 1]

/** A span of a service with its id and its parent's; zero is none. */
function span(service: string | undefined, id: number, parent: number, kind = internal, trace = 1) {
  return someSpan({
    ...(service === undefined ? {} : { service }),
    traceId: new Uint8Array(16).fill(trace),
    spanId: spanId(id),
    parentSpanId: parent === 0 ? undefined : spanId(parent),
    kind,
  })
}

const call = (parent: string, child: string, calls = 1) => ({ parent, child, calls })

describe('calls between services', () => {
  test.each([
    ['no spans', [], []],
    ['one service', [span('a', 1, 0), span('a', 2, 1)], []],
    [
      'one call',
      [span('a', 1, 0), span('a', 2, 1, client), span('b', 3, 2, server)],
      [call('a', 'b')],
    ],
    [
      'several, in any order of spans',
      [span('c', 3, 2), span('b', 2, 1), span('a', 1, 0), span('b', 4, 1)],
      [call('a', 'b', 2), call('b', 'c')],
    ],
    [
      'back again',
      [span('a', 1, 0), span('b', 2, 1), span('a', 3, 2)],
      [call('a', 'b'), call('b', 'a')],
    ],
    ['a parent that is not there', [span('b', 2, 1)], []],
    ['a span that is its own parent', [span('b', 2, 2)], []],
    ['a circle', [span('a', 1, 2), span('b', 2, 1)], [call('a', 'b'), call('b', 'a')]],
    ['the same ids in two traces', [span('a', 1, 0), span('b', 2, 1, internal, 2)], []],
    [
      'two traces',
      [1, 2].flatMap((trace) => [span('a', 1, 0, client, trace), span('b', 2, 1, server, trace)]),
      [call('a', 'b', 2)],
    ],
    [
      'a server that shares its client’s id, as Zipkin has it',
      [span('a', 1, 0, client), span('b', 1, 0, server), span('c', 2, 1, server)],
      [call('a', 'b'), call('b', 'c')],
    ],
    [
      'services that share an id otherwise: a child stays in its own',
      [span('a', 1, 0), { ...span('b', 1, 0), name: 'x' }, span('b', 2, 1), span('c', 3, 1)],
      [call('a', 'c')],
    ],
    [
      'spans without a service',
      [span('a', 1, 0), span(undefined, 2, 1), span('', 3, 1), span('b', 4, 2), span('c', 5, 3)],
      [],
    ],
    [
      'a trace of many spans',
      Array.from({ length: 100 }, (_, i) => span(i % 2 ? 'b' : 'a', i + 1, i)),
      [call('a', 'b', 50), call('b', 'a', 49)],
    ],
  ])('%s', (_, spans, expected) => {
    expect(naiveDependencies(spans)).toEqual(expected)
    expect(groupCalls(callGroupOf(spans)).calls).toEqual(expected)
  })

  test('a repeat of a span is none of its own', () => {
    const [parent, child] = [span('a', 1, 0), span('b', 2, 1)]
    const calls = (spans: Span[]) => groupCalls(callGroupOf(spans)).calls
    expect(calls([parent, parent, child, child])).toEqual([call('a', 'b')])
    expect(calls([parent, child, { ...child, name: 'another' }])).toEqual([call('a', 'b', 2)])
    expect(calls([parent, child, { ...child, startNs: 1n }])).toEqual([call('a', 'b', 2)])
  })

  test('many that share an id take time that grows with them', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => span(i % 2 ? 'b' : 'a', 2, 1, i + 10))
    expect(groupCalls(callGroupOf([span('c', 1, 0), ...many])).calls).toEqual([
      call('c', 'a', 10_000),
      call('c', 'b', 10_000),
    ])
  })
})

describe('sums', () => {
  test('counts of the same two are one', () => {
    const sums = callSums()
    sums.add('b', 'a', 2)
    sums.add('a', 'c', 1)
    sums.add('a', 'b', 1)
    sums.add('b', 'a', 3)
    sums.add('a', 'c', -1)
    expect(sums.all()).toEqual([call('a', 'b'), call('b', 'a', 5)])
  })

  test('as many pairs as there may be', () => {
    const sums = callSums(2)
    for (const child of ['a', 'b', 'a']) sums.add('x', child, 1)
    expect(sums.isFull()).toBe(false)
    sums.add('x', 'c', 1)
    expect(sums.isFull()).toBe(true)
    expect(sums.all()).toEqual([call('x', 'a', 2), call('x', 'b')])
  })
})
