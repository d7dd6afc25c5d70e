import { envelopeId } from '../envelope/envelope-id.ts'
import { SpanlakeError } from '../errors.ts'
import { type CheckResult, checkRequest } from '../otlp/check.ts'
import { jsonToProtobuf } from '../otlp/json.ts'
import type { Runtime } from '../runtime.ts'
import type { BodyFormat } from './body-format.ts'
import type { Parcel } from './keep-parcel.ts'

export interface Checked {
  readonly checked: CheckResult
  /** Undefined when no span is left to keep. */
  readonly parcel: Parcel | undefined
}

/**
 * A body as it was sent, checked and ready to be kept: compressed protobuf, as it came where it came so. Throws kind
 * `invalid` when it cannot be decoded or no span of it is valid, `too-large` when it inflates too far.
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
  const { spans, invalidSpans, reasons } = checked
  if (spans === 0) return { checked, parcel: undefined }
  if (invalidSpans === spans) {
    throw new SpanlakeError('invalid', `every span is invalid: ${listed(reasons)}`)
  }
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

/** Reasons with how many spans each concerns, as a client reads them. */
export function listed(reasons: ReadonlyMap<string, number>): string {
  return [...reasons].map(([reason, spans]) => `${reason} (${spans} spans)`).join('; ')
}
