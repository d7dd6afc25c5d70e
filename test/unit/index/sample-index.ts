import type { DayList } from '../../../src/index/day-list.ts'
import type { SpanFileName } from '../../../src/index/locator-bucket.ts'
import type { Locator } from '../../../src/index/locator-records.ts'
import type { Manifest } from '../../../src/index/manifest.ts'
import { everyOrdinal } from '../../../src/index/ordinals.ts'
import type { Receipt } from '../../../src/index/receipts.ts'
import { freshFileKey, objectName } from '../../../src/layout/keys.ts'
import { locatorMarkEntries } from '../../../src/limits.ts'

/**
 * A small index with something of everything. `test/golden/compat` holds it as the first release wrote it: what
 * changes here after a release belongs into a sample of its own.
 */

const name = (base: number, fill: number) => objectName(base, new Uint8Array(8).fill(fill))
const traceId = (fill: number) => new Uint8Array(16).fill(fill)
const receivedMs = Date.UTC(2026, 10, 20, 17, 3)
const startNs = BigInt(receivedMs) * 1_000_000n

export const sampleFiles: readonly SpanFileName[] = [
  { date: '2026-11-19', hour: '23', name: name(0, 0xa0) },
  { date: '2026-11-20', hour: '00', name: name(3, 0xa1) },
  { date: '2026-11-20', hour: '17', name: name(41, 0xa2) },
]

export const sampleManifest: Manifest = {
  tenant: 'acme',
  region: 'eu-west-1',
  number: 42,
  nonce: '00112233aabbccdd',
  floor: 17,
  expiredMs: receivedMs - 30 * 86_400_000,
  asOfMs: receivedMs,
  days: [
    {
      date: '2026-11-19',
      name: name(0, 1),
      files: 1,
      spanFileBytes: 1_000,
      startMinNs: -(2n ** 63n),
      startMaxNs: -1n,
      receivedToMinMs: 0,
    },
    {
      date: '2026-11-20',
      name: name(41, 2),
      files: 2,
      spanFileBytes: 70_000_000_000,
      startMinNs: startNs,
      startMaxNs: 2n ** 63n - 1n,
      receivedToMinMs: receivedMs,
    },
  ],
  locators: [
    {
      since: 1,
      buckets: [
        {
          name: name(0, 3),
          bytes: 290_500,
          entries: locatorMarkEntries,
          marks: Uint8Array.from({ length: 32 }, (_, i) => i),
        },
        {
          name: name(0, 4),
          bytes: 290_600,
          entries: locatorMarkEntries + 1,
          marks: Uint8Array.from({ length: 48 }, (_, i) => (i < 16 ? 0x7f + i : 0xff - (i % 16))),
        },
      ],
      dropped: [0, 2],
      files: 4,
    },
    {
      since: 42,
      buckets: [{ name: name(41, 5), bytes: 200, entries: 1, marks: new Uint8Array(32) }],
      dropped: [],
      files: 1,
    },
  ],
  receipts: [
    { date: '2026-11-19', hour: '23', name: name(0, 6), bytes: 100, filterBytes: 56 },
    { date: '2026-11-20', hour: '17', name: name(12, 7), bytes: 200, filterBytes: 56 },
    { date: '2026-11-20', hour: '17', name: name(41, 8), bytes: 300, filterBytes: 88 },
  ],
  absorbed: ['0', '1'].map((id) =>
    freshFileKey({ tenant: 'acme', date: '2026-11-20', hour: '17', id: id.repeat(32) }),
  ),
}

export const sampleDayList: DayList = {
  date: '2026-11-20',
  files: [
    {
      date: '2026-11-20',
      hour: '00',
      name: name(3, 0xa1),
      bytes: 10_000,
      rows: 30,
      traces: 4,
      startMinNs: -(2n ** 63n),
      startMaxNs: startNs,
      endMaxNs: 2n ** 63n - 1n,
      receivedFromMs: receivedMs,
      receivedToMs: receivedMs + 1,
      fromMinute: 0,
      toMinute: 60,
      groups: [
        {
          offset: 4,
          bytes: 5_000,
          rows: 10,
          minTraceId: traceId(0),
          maxTraceId: traceId(0x7f),
          startMinNs: startNs,
          startMaxNs: startNs,
        },
        {
          offset: 5_004,
          bytes: 4_900,
          rows: 20,
          minTraceId: traceId(0x80),
          maxTraceId: traceId(0xff),
          startMinNs: -(2n ** 63n),
          startMaxNs: 2n ** 63n - 1n,
        },
      ],
      columns: {
        own: [
          { scope: 'resource', key: 'service.name', type: 'string', count: 30 },
          { scope: 'span', key: 'http.status', type: 'int', count: 12 },
        ],
        rest: [
          { scope: 'scope', key: '', type: 'bool', count: 2 },
          { scope: 'span', key: '\ufeffключ 🦊', type: 'json', count: 1 },
        ],
      },
      summaryBytes: 777,
    },
    {
      date: '2026-11-20',
      hour: '17',
      name: name(41, 0xa2),
      bytes: 4,
      rows: 0,
      traces: 0,
      startMinNs: 0n,
      startMaxNs: 0n,
      endMaxNs: 0n,
      receivedFromMs: 0,
      receivedToMs: 0,
      fromMinute: 59,
      toMinute: 60,
      groups: [],
      columns: {
        own: [{ scope: 'span', key: 'http.status', type: 'int', count: 1 }],
        rest: 'any',
      },
      summaryBytes: 0,
    },
  ],
}

/** More than a block of them, and at both ends of each field. */
export const sampleLocators: readonly Locator[] = [
  {
    traceId: traceId(0),
    startSeconds: 0,
    file: 0,
    offset: 4,
    bytes: 0,
    firstRow: 0,
    rows: 0,
  },
  ...Array.from({ length: 120 }, (_, i) => ({
    traceId: Uint8Array.from({ length: 16 }, (_, byte) => (byte === 0 ? i + 1 : byte * i)),
    startSeconds: 1_795_194_180 + i,
    file: i % 3,
    offset: 4 + i * 65_537,
    bytes: 500_000 + i,
    firstRow: i * 83,
    rows: i + 1,
  })),
  {
    traceId: traceId(0xff),
    startSeconds: 0xffff_ffff,
    file: 2,
    offset: 0xffff_ffff,
    bytes: 0xffff_ffff,
    firstRow: 0xffff,
    rows: 0xffff,
  },
]

export const sampleReceipts: readonly Receipt[] = [
  { id: traceId(1), ordinals: everyOrdinal },
  { id: traceId(7), ordinals: [] },
  { id: traceId(8), ordinals: [[0, 1]] },
  {
    id: traceId(0xff),
    ordinals: [
      [3, 200],
      [201, 70_000],
      [70_001, 2 ** 32],
    ],
  },
]
