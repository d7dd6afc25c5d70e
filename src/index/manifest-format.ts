import {
  baseOf,
  freshPrefix,
  isObjectName,
  isRegionName,
  isTenantName,
  manifestNumberMax,
  parseFreshFileKey,
} from '../layout/keys.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { Codec } from '../ports/codec.ts'
import { checkAscending, hexOfBytes, jsonFields } from './json-fields.ts'
import { decodeJsonFrame, encodeJsonFrame, type FrameKind } from './json-frame.ts'
import { marksBytes } from './locator-marks.ts'
import type { DayListRef, LocatorBucketRef, LocatorSet, Manifest, ReceiptsRef } from './manifest.ts'

const kind: FrameKind = { magic: 'SPLKMANI', version: 1, what: 'manifest' }

/** Throws kind `corrupt` for what `decodeManifest` would refuse. */
export function encodeManifest(manifest: Manifest, codec: Codec): Uint8Array {
  const json = manifestJson(manifest)
  readManifest(json, `manifest ${manifest.number}`)
  return encodeJsonFrame(kind, json, codec)
}

function manifestJson(manifest: Manifest) {
  const locators = manifest.locators.map((set) => ({
    ...set,
    buckets: set.buckets.map((bucket) => ({ ...bucket, marks: hexOfBytes(bucket.marks) })),
  }))
  const days = manifest.days.map((day) => ({
    ...day,
    startMinNs: String(day.startMinNs),
    startMaxNs: String(day.startMaxNs),
  }))
  // Another tenant's key stays whole, and so is no key to whoever reads it.
  const prefix = freshPrefix(manifest.tenant)
  const absorbed = manifest.absorbed.map((key) =>
    key.startsWith(prefix) ? key.slice(prefix.length) : key,
  )
  return { ...manifest, days, locators, absorbed }
}

/** The inverse of `encodeManifest`. Throws kind `corrupt`, naming the key. */
export function decodeManifest(bytes: Uint8Array, key: string, codec: Codec): Manifest {
  const { json } = decodeJsonFrame(kind, bytes, key, codec)
  return readManifest(json, `manifest ${key}`)
}

/** Runs before encoding and after decoding, so that whoever touches a bad manifest first meets it. */
function readManifest(json: unknown, name: string): Manifest {
  const fields = jsonFields(json, name)
  const tenant = fields.text('tenant')
  const manifest: Manifest = {
    tenant,
    region: fields.text('region'),
    number: fields.count('number'),
    nonce: fields.shaped('nonce', /^[0-9a-f]{16}$/),
    floor: fields.count('floor'),
    expiredMs: fields.count('expiredMs'),
    asOfMs: fields.count('asOfMs'),
    days: fields.list('days', (item) => readDay(item, name)),
    locators: fields.list('locators', (item) => readSet(item, name)),
    receipts: fields.list('receipts', (item) => readReceipts(item, name)),
    absorbed: fields.texts('absorbed').map((rest) => `${freshPrefix(tenant)}${rest}`),
  }
  checkManifest(manifest, name)
  return manifest
}

function readDay(json: unknown, name: string): DayListRef {
  const fields = jsonFields(json, name)
  return {
    date: fields.shaped('date', datePattern),
    name: fields.text('name'),
    files: fields.count('files'),
    spanFileBytes: fields.count('spanFileBytes'),
    startMinNs: fields.int64('startMinNs'),
    startMaxNs: fields.int64('startMaxNs'),
    receivedToMinMs: fields.count('receivedToMinMs'),
  }
}

function readSet(json: unknown, name: string): LocatorSet {
  const fields = jsonFields(json, name)
  return {
    since: fields.count('since'),
    buckets: fields.list('buckets', (item) => readBucket(item, name)),
    dropped: fields.counts('dropped'),
    files: fields.count('files'),
  }
}

function readBucket(json: unknown, name: string): LocatorBucketRef {
  const fields = jsonFields(json, name)
  return {
    name: fields.text('name'),
    bytes: fields.count('bytes'),
    entries: fields.count('entries'),
    marks: fields.bytes('marks'),
  }
}

function readReceipts(json: unknown, name: string): ReceiptsRef {
  const fields = jsonFields(json, name)
  return {
    date: fields.shaped('date', datePattern),
    hour: fields.shaped('hour', hourPattern),
    name: fields.text('name'),
    bytes: fields.count('bytes'),
    filterBytes: fields.count('filterBytes'),
  }
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/
const hourPattern = /^([01]\d|2[0-3])$/

function checkManifest(manifest: Manifest, name: string): void {
  const { number, floor, days, receipts, absorbed, locators } = manifest
  if (!isTenantName(manifest.tenant) || !isRegionName(manifest.region)) {
    throw corrupt(name, `must be of a tenant and region, got ${manifest.tenant} ${manifest.region}`)
  }
  if (number < 1 || number > manifestNumberMax) {
    throw corrupt(name, `must have a number from 1 to ${manifestNumberMax}, got ${number}`)
  }
  if (floor > number) throw corrupt(name, `must have a floor of at most its number, got ${floor}`)
  checkAscending(
    days.map(({ date }) => date),
    'dates',
    name,
  )
  checkAscending(
    receipts.map(({ date, hour, name: object }) => `${date}-${hour} ${object}`),
    'receipts',
    name,
  )
  checkAscending(absorbed, 'absorbed files', name)
  for (const key of absorbed) {
    if (parseFreshFileKey(key)?.tenant !== manifest.tenant) {
      throw corrupt(name, `must absorb fresh files of its tenant, got ${key}`)
    }
  }
  for (const set of locators) checkSet(set, number, name)
  const objects = [...days, ...receipts, ...locators.flatMap(({ buckets }) => buckets)]
  for (const object of objects) {
    if (!isObjectName(object.name) || baseOf(object.name) >= number) {
      throw corrupt(name, `must name objects made before it, got ${object.name}`)
    }
  }
}

function checkSet({ since, buckets, dropped, files }: LocatorSet, number: number, name: string) {
  if (since > number || since < 1) throw corrupt(name, `must have locators since ${since}`)
  const ascends = dropped.every((file, i) => i === 0 || file > (dropped[i - 1] as number))
  if (!ascends || (dropped.at(-1) ?? -1) >= files || dropped.length >= files) {
    throw corrupt(name, `must drop some of the ${files} files of a set, got ${dropped.length}`)
  }
  if (buckets.length === 0) throw corrupt(name, 'must have a bucket in each set')
  for (const { entries, marks } of buckets) {
    if (entries < 1 || marks.length !== marksBytes(entries)) {
      throw corrupt(name, `must have a mark for each part of ${entries} locators`)
    }
  }
}
