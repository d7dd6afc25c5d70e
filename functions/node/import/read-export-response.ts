import { WireReader } from '../../../src/otlp/wire-reader.ts'

// Fields of ExportTraceServiceResponse, ExportTracePartialSuccess and google.rpc.Status.
const partialSuccessTag = 0x0a
const rejectedSpansTag = 0x08
const errorMessageTag = 0x12
const statusMessageTag = 0x12

const decoder = new TextDecoder()

/** What a 200 says of the spans it did not take; all 0 and empty when it took them all. */
export function readExportResponse(body: Uint8Array): { rejectedSpans: number; message: string } {
  const reader = new WireReader(body)
  let rejectedSpans = 0
  let message = ''
  while (reader.at < body.length) {
    const tag = reader.tag(body.length)
    if (tag !== partialSuccessTag) {
      reader.skip(tag, body.length)
      continue
    }
    reader.enter(body.length)
    const end = reader.fieldEnd
    while (reader.at < end) {
      const field = reader.tag(end)
      if (field === rejectedSpansTag) {
        reader.varint(end)
        rejectedSpans = reader.low + reader.high * 2 ** 32
      } else if (field === errorMessageTag) message = textOf(reader, end)
      else reader.skip(field, end)
    }
  }
  return { rejectedSpans, message }
}

/** The message of a google.rpc.Status in protobuf, or the body as it is when it is none: proxies answer in HTML. */
export function readStatusMessage(body: Uint8Array): string {
  const reader = new WireReader(body)
  let message = ''
  try {
    while (reader.at < body.length) {
      const tag = reader.tag(body.length)
      if (tag === statusMessageTag) message = textOf(reader, body.length)
      else reader.skip(tag, body.length)
    }
    return message
  } catch {
    return decoder.decode(body.subarray(0, 300)).replaceAll(/\s+/g, ' ').trim()
  }
}

function textOf(reader: WireReader, end: number): string {
  reader.enter(end)
  const text = decoder.decode(reader.body.subarray(reader.at, reader.fieldEnd))
  reader.at = reader.fieldEnd
  return text
}
