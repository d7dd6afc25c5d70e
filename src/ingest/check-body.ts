import { envelopeId } from '../envelope/envelope-id.ts'
import { SpanlakeError } from '../errors.ts'
import { type CheckResult, checkRequest } from '../otlp/check.ts'
import { jsonToProtobuf } from '../otlp/json.ts'
import type { Runtime } from '../runtime.ts'
import type { BodyFormat } from './body-format.ts'
import type { Parcel } from './keep-parcel.ts'

export interface Checked {
  readonly checked: CheckResult
  /** Undefined when no span is valid, or none is there. */
  readonly parcel: Parcel | undefined
}

/**
 * A body as it was sent, checked and ready to be kept: compressed protobuf, as it came where it came so. Throws kind
 * `invalid` when it cannot be decoded, `too-large` when it inflates too far or holds too much.
 */
export function checkBody(
  sent: Uint8Array,
  format: BodyFormat,
  tenant: string,
  runtime: Runtime,
): Checked {
  const { codec, clock } = runtime
  const content = protobufOf(sent, format, runtime)
  const checked = checkRequest(content)
  const { spans, items, invalidSpans } = checked
  if (invalidSpans === spans) return { checked, parcel: undefined }
  const asCame = format.gzipped && format.type === 'protobuf'
  const parcel: Parcel = {
    bytes: asCame ? sent : codec[codec.bodyEncoding](content),
    head: {
      id: envelopeId(tenant, content, codec),
      tenant,
      receivedMs: clock.nowMs(),
      encoding: asCame ? 'gzip' : codec.bodyEncoding,
      decompressedBytes: content.length,
      spans,
      items,
    },
  }
  return { checked, parcel }
}

function protobufOf(sent: Uint8Array, { type, gzipped }: BodyFormat, runtime: Runtime): Uint8Array {
  const { codec, limits } = runtime
  const bytesMax = limits.requestDecompressedBytesMax
  const content = gzipped ? codec.gunzip(sent, bytesMax) : sent
  if (content.length > bytesMax) {
    throw new SpanlakeError('too-large', `request body must be at most ${bytesMax} bytes`)
  }
  return type === 'json' ? jsonToProtobuf(content) : content
}
