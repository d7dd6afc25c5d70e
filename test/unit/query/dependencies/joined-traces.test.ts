import { expect, test } from 'vitest'
import { callSums } from '../../../../query/dependencies/call-sums.ts'
import { groupCalls } from '../../../../query/dependencies/group-calls.ts'
import { joinedTraces } from '../../../../query/dependencies/joined-traces.ts'
import type { Span } from '../../../../src/span/span.ts'
import { callGroupOf } from '../../../helpers/call-group.ts'
import { someSpan, spanId } from '../../../helpers/some-span.ts'

function span(service: string, id: number, parent: number, trace = 1): Span {
  return someSpan({
    service,
    traceId: new Uint8Array(16).fill(trace),
    spanId: spanId(id),
    parentSpanId: parent === 0 ? undefined : spanId(parent),
    startNs: BigInt(id),
  })
}

/** What pieces in row groups of their own come to, put together. */
function joinedCalls(groups: readonly (readonly Span[])[]) {
  const sums = callSums()
  const joined = joinedTraces(sums)
  for (const group of groups.map(callGroupOf)) {
    for (const { parent, child, calls } of groupCalls(group).calls) sums.add(parent, child, calls)
    joined.add(group, group.traces)
  }
  joined.settle()
  return sums.all().map(({ parent, child, calls }) => `${parent} ${child} ${calls}`)
}

test.each<[string, readonly (readonly Span[])[], readonly string[]]>([
  ['parent and child apart', [[span('a', 1, 0)], [span('b', 2, 1)]], ['a b 1']],
  ['the child first', [[span('b', 2, 1)], [span('a', 1, 0)]], ['a b 1']],
  [
    'a piece that is there twice',
    [
      [span('a', 1, 0), span('b', 2, 1)],
      [span('a', 1, 0), span('b', 2, 1)],
    ],
    ['a b 1'],
  ],
  [
    'services that have other numbers in each',
    [[span('c', 3, 2), span('b', 2, 1)], [span('a', 1, 0)], [span('b', 4, 3)]],
    ['a b 1', 'b c 1', 'c b 1'],
  ],
  [
    'a nearer parent of the same service',
    [[span('a', 1, 0), span('b', 3, 1)], [{ ...span('b', 1, 0), name: 'another' }]],
    [],
  ],
  ['two traces', [[span('a', 1, 0)], [span('b', 2, 1, 2)]], []],
])('%s', (_, groups, calls) => {
  expect(joinedCalls(groups)).toEqual(calls)
})

test('as much as may be held', () => {
  const group = callGroupOf([span('a', 1, 0), span('b', 2, 1)])
  const held = (bytesMax: number) => {
    const joined = joinedTraces(callSums(), bytesMax)
    joined.add(group, group.traces)
    return joined.isFull()
  }
  expect([held(100), held(10_000)]).toEqual([true, false])
})
