import { expect, test } from 'vitest'
import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import {
  decodeSummaries,
  encodeSummaries,
  findTraceRows,
  type Summaries,
} from '../../../src/index/summaries.ts'

const id = (first: number) => new Uint8Array(16).fill(0).fill(first, 0, 1)

const summaries: Summaries = {
  traceIds: new Uint8Array([...id(3), ...id(9), ...id(200)]),
  spans: Uint32Array.of(2, 300, 1),
  errors: Uint32Array.of(0, 7, 1),
  startNs: BigInt64Array.of(5n, 1_700_000_000_000_000_000n, -(2n ** 63n)),
  endNs: BigInt64Array.of(4n, 1_700_000_000_000_000_900n, 2n ** 63n - 1n),
  strings: ['checkout', '', 'GET /'],
  rootStartNs: BigInt64Array.of(7n, 1_700_000_000_000_000_000n, 2n ** 63n - 1n),
  rootServices: Uint32Array.of(1, 0, 0),
  rootNames: Uint32Array.of(3, 0, 2),
  firstService: Uint32Array.of(0, 2, 2, 3),
  services: Uint32Array.of(1, 0, 0),
}

test('summaries come back as objects', () => {
  expect(decodeSummaries(encodeSummaries(summaries, nodeCodec), nodeCodec)).toEqual([
    {
      traceId: id(3),
      startNs: 5n,
      endNs: 4n,
      rootStartNs: 7n,
      rootService: 'checkout',
      rootName: 'GET /',
      spans: 2,
      errors: 0,
      services: ['', 'checkout'],
    },
    {
      traceId: id(9),
      startNs: 1_700_000_000_000_000_000n,
      endNs: 1_700_000_000_000_000_900n,
      rootStartNs: undefined,
      rootService: undefined,
      rootName: undefined,
      spans: 300,
      errors: 7,
      services: [],
    },
    {
      traceId: id(200),
      startNs: -(2n ** 63n),
      endNs: 2n ** 63n - 1n,
      rootStartNs: 2n ** 63n - 1n,
      rootService: undefined,
      rootName: '',
      spans: 1,
      errors: 1,
      services: ['checkout'],
    },
  ])
})

test('rows of a trace are those before it and its own', () => {
  const bytes = encodeSummaries(summaries, nodeCodec)
  expect(findTraceRows(bytes, id(3), nodeCodec)).toEqual({ from: 0, to: 2 })
  expect(findTraceRows(bytes, id(9), nodeCodec)).toEqual({ from: 2, to: 302 })
  expect(findTraceRows(bytes, id(200), nodeCodec)).toEqual({ from: 302, to: 303 })
  for (const other of [0, 4, 255])
    expect(findTraceRows(bytes, id(other), nodeCodec)).toBeUndefined()
})

test('bytes cut short are corrupt', () => {
  const bytes = encodeSummaries(summaries, nodeCodec)
  for (let length = 0; length < bytes.length; length++) {
    try {
      decodeSummaries(bytes.subarray(0, length), nodeCodec)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ kind: 'corrupt' })
    }
  }
})
