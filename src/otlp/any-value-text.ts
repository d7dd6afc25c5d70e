import { doubleText } from '../span/any-value-text.ts'
import { base64Of } from '../span/base64.ts'
import * as fields from './fields.ts'
import { checkedBefore, type ValueWalker, valueKinds } from './value-walker.ts'
import { RequestWalker } from './walk.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The value at which the walker stands as OTLP/JSON AnyValue text: what `parseAnyValueText` reads. Of a map's key that
 * stands twice, both are kept: only attributes promise distinct keys.
 */
export function valueText(walker: ValueWalker): string {
  const { body, valueKind, valueStart, valueEnd } = walker
  switch (valueKind) {
    case valueKinds.none:
      return '{}'
    case valueKinds.string:
      return `{"stringValue":${JSON.stringify(decoder.decode(body.subarray(valueStart, valueEnd)))}}`
    case valueKinds.bool:
      return `{"boolValue":${scalarText(walker)}}`
    case valueKinds.int:
      return `{"intValue":"${scalarText(walker)}"}`
    case valueKinds.double:
      return `{"doubleValue":${jsonDouble(scalarText(walker))}}`
    case valueKinds.bytes:
      return `{"bytesValue":"${base64Of(body.subarray(valueStart, valueEnd))}"}`
    case valueKinds.array:
      return `{"arrayValue":{"values":[${arrayItems(body, valueStart, valueEnd)}]}}`
    default:
      return `{"kvlistValue":{"values":[${mapEntries(body, valueStart, valueEnd)}]}}`
  }
}

/** The text of an int, double or bool at which the walker stands. */
export function scalarText(walker: ValueWalker): string {
  const { valueKind, valueLow, valueHigh } = walker
  if (valueKind === valueKinds.bool) return valueLow !== 0 || valueHigh !== 0 ? 'true' : 'false'
  const bits = new DataView(new ArrayBuffer(8))
  bits.setUint32(0, valueLow, true)
  bits.setUint32(4, valueHigh, true)
  if (valueKind === valueKinds.int) return bits.getBigInt64(0, true).toString()
  return doubleText(bits.getFloat64(0, true))
}

function jsonDouble(text: string): string {
  return /[NI]/.test(text) ? `"${text}"` : text
}

// A walker of its own for each nested message: the outer one's fields must stay as they are. It is a whole
// RequestWalker so that the reading methods meet one class only.
function arrayItems(body: Uint8Array, start: number, end: number): string {
  let items = ''
  const walker = new RequestWalker(body)
  walker.at = start
  while (walker.at < end) {
    const tag = walker.tag(end)
    if (tag !== fields.arrayValue.values) {
      walker.skip(tag, end)
      continue
    }
    walker.enter(end)
    walker.readAnyValue(walker.at, walker.fieldEnd, checkedBefore)
    items += `${items === '' ? '' : ','}${valueText(walker)}`
  }
  return items
}

function mapEntries(body: Uint8Array, start: number, end: number): string {
  let entries = ''
  const walker = new RequestWalker(body)
  walker.at = start
  while (walker.at < end) {
    const tag = walker.tag(end)
    if (tag !== fields.keyValueList.values) {
      walker.skip(tag, end)
      continue
    }
    walker.enter(end)
    const next = walker.fieldEnd
    walker.readKeyValue(walker.at, next, checkedBefore)
    const key = JSON.stringify(decoder.decode(body.subarray(walker.keyStart, walker.keyEnd)))
    entries += `${entries === '' ? '' : ','}{"key":${key},"value":${valueText(walker)}}`
    walker.at = next
  }
  return entries
}
