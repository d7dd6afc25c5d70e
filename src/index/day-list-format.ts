import type { AttributeScope } from '../layout/columns.ts'
import { isObjectName } from '../layout/keys.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { Codec } from '../ports/codec.ts'
import { type AttributeType, attributeTypes } from '../span/span-batch.ts'
import type { CountedAttribute, DayList, FileColumns, SpanFile, SpanFileGroup } from './day-list.ts'
import { checkAscending, hexOfBytes, isCount, jsonFields } from './json-fields.ts'
import { decodeJsonFrame, encodeJsonFrame, type FrameKind } from './json-frame.ts'

const kind: FrameKind = { magic: 'SPLKDAYS', version: 1, what: 'day list' }

/** A day's files have most of their attributes in common: each stands once, and files name it by its place. */
type Dictionary = Map<string, number>

/** Throws kind `corrupt` for what `decodeDayList` would refuse. */
export function encodeDayList(list: DayList, codec: Codec): Uint8Array {
  const name = `day list ${list.date}`
  const stranger = list.files.find(({ date }) => date !== list.date)
  if (stranger) throw corrupt(name, `must have files of its date, got ${stranger.date}`)
  const json = dayListJson(list)
  readDayList(json, name)
  return encodeJsonFrame(kind, json, codec)
}

function dayListJson(list: DayList) {
  const dictionary: Dictionary = new Map()
  const files = list.files.map((file) => ({
    ...file,
    date: undefined,
    startMinNs: String(file.startMinNs),
    startMaxNs: String(file.startMaxNs),
    endMaxNs: String(file.endMaxNs),
    groups: file.groups.map(groupJson),
    own: file.columns.own.map((attribute) => countedJson(attribute, dictionary)),
    rest:
      file.columns.rest === 'any'
        ? 'any'
        : file.columns.rest.map((attribute) => countedJson(attribute, dictionary)),
    columns: undefined,
  }))
  const attributes = [...dictionary.keys()].map((text) => JSON.parse(text) as unknown)
  return { date: list.date, attributes, files }
}

function groupJson(group: SpanFileGroup) {
  const { offset, bytes, rows, startMinNs, startMaxNs } = group
  const ids = [hexOfBytes(group.minTraceId), hexOfBytes(group.maxTraceId)]
  return [offset, bytes, rows, ...ids, String(startMinNs), String(startMaxNs)]
}

function countedJson({ scope, key, type, count }: CountedAttribute, dictionary: Dictionary) {
  const text = JSON.stringify([scope, key, type])
  const id = dictionary.get(text) ?? dictionary.size
  dictionary.set(text, id)
  return [id, count]
}

/** The inverse of `encodeDayList`. Throws kind `corrupt`, naming the key. */
export function decodeDayList(bytes: Uint8Array, key: string, codec: Codec): DayList {
  const { json } = decodeJsonFrame(kind, bytes, key, codec)
  return readDayList(json, `day list ${key}`)
}

/** Runs before encoding and after decoding. */
function readDayList(json: unknown, name: string): DayList {
  const fields = jsonFields(json, name)
  const date = fields.shaped('date', /^\d{4}-\d{2}-\d{2}$/)
  const attributes = fields.list('attributes', (item) => readAttribute(item, name))
  const list = {
    date,
    files: fields.list('files', (item) => readFile(item, date, attributes, name)),
  }
  checkDayList(list, name)
  return list
}

type Attribute = Omit<CountedAttribute, 'count'>

function readAttribute(json: unknown, name: string): Attribute {
  const [scope, key, type]: unknown[] = Array.isArray(json) ? json : []
  if (!isScope(scope) || typeof key !== 'string' || !isType(type)) {
    throw corrupt(name, 'must have attributes of scope, key and type')
  }
  return { scope, key, type }
}

function isScope(scope: unknown): scope is AttributeScope {
  return scope === 'resource' || scope === 'scope' || scope === 'span'
}

function isType(type: unknown): type is AttributeType {
  return attributeTypes.some((known) => known === type)
}

function readFile(
  json: unknown,
  date: string,
  attributes: readonly Attribute[],
  name: string,
): SpanFile {
  const fields = jsonFields(json, name)
  const counted = (item: unknown): CountedAttribute => {
    const [id, count]: unknown[] = Array.isArray(item) ? item : []
    const attribute = isCount(id) ? attributes[id] : undefined
    if (attribute === undefined || !isCount(count)) {
      throw corrupt(name, 'must count rows of attributes that it has')
    }
    return { ...attribute, count }
  }
  const columns: FileColumns = {
    own: fields.list('own', counted),
    rest: fields.value('rest') === 'any' ? 'any' : fields.list('rest', counted),
  }
  return {
    date,
    hour: fields.shaped('hour', /^([01]\d|2[0-3])$/),
    name: fields.text('name'),
    bytes: fields.count('bytes'),
    rows: fields.count('rows'),
    traces: fields.count('traces'),
    startMinNs: fields.int64('startMinNs'),
    startMaxNs: fields.int64('startMaxNs'),
    endMaxNs: fields.int64('endMaxNs'),
    receivedFromMs: fields.count('receivedFromMs'),
    receivedToMs: fields.count('receivedToMs'),
    fromMinute: fields.count('fromMinute'),
    toMinute: fields.count('toMinute'),
    groups: fields.list('groups', (item) => readGroup(item, name)),
    columns,
    summaryBytes: fields.count('summaryBytes'),
  }
}

function readGroup(json: unknown, name: string): SpanFileGroup {
  const item: unknown[] = Array.isArray(json) ? json : []
  const fields = jsonFields(
    Object.fromEntries(groupFields.map((field, i) => [field, item[i]])),
    name,
  )
  return {
    offset: fields.count('offset'),
    bytes: fields.count('bytes'),
    rows: fields.count('rows'),
    minTraceId: fields.bytes('minTraceId'),
    maxTraceId: fields.bytes('maxTraceId'),
    startMinNs: fields.int64('startMinNs'),
    startMaxNs: fields.int64('startMaxNs'),
  }
}

const groupFields = [
  'offset',
  'bytes',
  'rows',
  'minTraceId',
  'maxTraceId',
  'startMinNs',
  'startMaxNs',
] as const

function checkDayList({ files }: DayList, name: string): void {
  checkAscending(
    files.map((file) => `${file.hour} ${file.name}`),
    'files',
    name,
  )
  for (const file of files) checkFile(file, `${name} file ${file.name}`)
}

function checkFile(file: SpanFile, name: string): void {
  if (!isObjectName(file.name)) throw corrupt(name, 'must have an object name')
  if (file.startMinNs > file.startMaxNs || file.receivedFromMs > file.receivedToMs) {
    throw corrupt(name, `must have bounds that ascend, got ${file.startMinNs} ${file.startMaxNs}`)
  }
  if (file.fromMinute >= file.toMinute || file.toMinute > 60) {
    throw corrupt(name, `must have minutes of an hour, got ${file.fromMinute} ${file.toMinute}`)
  }
  let [end, rows] = [0, 0]
  for (const group of file.groups) {
    if (group.offset < end || group.rows < 1) {
      throw corrupt(name, `must have row groups that ascend, got ${group.offset} after ${end}`)
    }
    if (group.minTraceId.length !== 16 || group.maxTraceId.length !== 16) {
      throw corrupt(name, 'must have trace ids of 16 bytes')
    }
    end = group.offset + group.bytes
    rows += group.rows
  }
  if (end > file.bytes || rows !== file.rows) {
    throw corrupt(name, `must have its ${file.rows} rows in its groups, got ${rows}`)
  }
}
