import { describe, expect, test } from 'vitest'
import {
  countDependencies,
  sumDependencies,
} from '../../../../query/api/jaeger/count-dependencies.ts'
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
      [span('a', 1, 0), span('b', 1, 0), span('b', 2, 1), span('c', 3, 1)],
      [call('a', 'c')],
    ],
    [
      'spans without a service',
      [span('a', 1, 0), span(undefined, 2, 1), span('', 3, 1), span('b', 4, 2), span('c', 5, 3)],
      [],
    ],
  ])('%s', (_, spans, expected) => {
    expect(countDependencies(spans)).toEqual(expected)
  })
})

test('counts of the same two are one', () => {
  const counts = [call('b', 'a', 2), call('a', 'c'), call('a', 'b'), call('b', 'a', 3)]
  expect(sumDependencies(counts)).toEqual([call('a', 'b'), call('a', 'c'), call('b', 'a', 5)])
})
