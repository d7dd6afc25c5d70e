/** One acknowledged request, as it lies on the queue. */
export interface Envelope {
  /** The first 16 bytes of SHA-256 over tenant, a zero byte and the decompressed protobuf body: a repeat has the same. */
  readonly id: Uint8Array
  readonly tenant: string
  /** When the door took it, in ms since 1970. */
  readonly receivedMs: number
  readonly encoding: BodyEncoding
  readonly decompressedBytes: number
  /** Spans on the wire, also those that the door refused as invalid. */
  readonly spans: number
  /** Spans, attributes, values and the like, as `requestItemsMax` counts them: what a flush of it takes. */
  readonly items: number
  readonly body: EnvelopeBody
}

/** How the body of OTLP protobuf is compressed. */
export type BodyEncoding = 'gzip' | 'zstd'

/** The compressed bytes themselves, or the key of the spill that holds them. */
export type EnvelopeBody =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'spill'; readonly key: string }
