import { SpanlakeError } from '../errors.ts'
import { crc32 } from '../span/crc32.ts'
import type { Envelope } from './envelope.ts'
import { bodyKinds, encodings, layout, magic, version } from './envelope-format.ts'
import { faultOf } from './seal-envelope.ts'

export interface OpenedMessage {
  readonly envelopes: readonly Envelope[]
  /** What could not be read; the envelopes around it are whole. */
  readonly corrupt: readonly CorruptPart[]
}

export interface CorruptPart {
  readonly offset: number
  readonly bytes: number
  readonly error: SpanlakeError
}

/**
 * Opens a queue message. Bodies are views into `message`. Damage within the bounds that a sound header gives takes
 * nobody else with it; behind a header that is not sound nothing can be trusted, and the rest of the message is one
 * corrupt part. Never throws.
 */
export function openMessage(message: Uint8Array): OpenedMessage {
  const envelopes: Envelope[] = []
  const corrupt: CorruptPart[] = []
  let offset = 0
  // An empty message holds not even one envelope, and is as wrong as a broken one.
  do {
    const rest = message.subarray(offset)
    const bytes = boundsOf(rest)
    const fault = typeof bytes === 'string' ? bytes : undefined
    const length = typeof bytes === 'number' ? bytes : rest.length
    const opened = fault ?? openEnvelope(rest.subarray(0, length))
    if (typeof opened === 'string') {
      const error = new SpanlakeError('corrupt', `${opened}, at byte ${offset}`)
      corrupt.push({ offset, bytes: length, error })
    } else envelopes.push(opened)
    offset += length
  } while (offset < message.length)
  return { envelopes, corrupt }
}

/** The length of the envelope that begins here, by a header whose checksum holds; else what is wrong with it. */
function boundsOf(bytes: Uint8Array): number | string {
  if (bytes.length < layout.tenant) return `envelope must have a header, got ${bytes.length} bytes`
  const view = viewOf(bytes)
  if (view.getUint32(layout.magic, true) !== magic) return 'envelope must begin with its magic'
  const contentStart = layout.tenant + (bytes[layout.tenantBytes] as number)
  const header = bytes.subarray(layout.version, contentStart)
  if (contentStart > bytes.length || view.getUint32(layout.headerCrc, true) !== crc32(header)) {
    return 'envelope header must match its checksum'
  }
  const length = contentStart + view.getUint32(layout.contentBytes, true)
  if (length <= bytes.length) return length
  return `envelope must have ${length} bytes, got ${bytes.length}`
}

/** An envelope of exactly these bytes, whose header's checksum holds; else what is wrong with it. */
function openEnvelope(sealed: Uint8Array): Envelope | string {
  const found = sealed[layout.version]
  if (found !== version) return `envelope version must be ${version}, got ${found}`
  const view = viewOf(sealed)
  const contentStart = layout.tenant + (sealed[layout.tenantBytes] as number)
  const content = sealed.subarray(contentStart)
  if (view.getUint32(layout.contentCrc, true) !== crc32(content)) {
    return 'envelope content must match its checksum'
  }
  const encoding = encodings[sealed[layout.encoding] as number]
  const bodyKind = bodyKinds[sealed[layout.bodyKind] as number]
  if (encoding === undefined || bodyKind === undefined) {
    return `envelope encoding and body kind must be known, got ${sealed[layout.encoding]} and ${sealed[layout.bodyKind]}`
  }
  const envelope: Envelope = {
    id: sealed.slice(layout.id, layout.receivedMs),
    tenant: decoder.decode(sealed.subarray(layout.tenant, contentStart)),
    receivedMs: view.getFloat64(layout.receivedMs, true),
    encoding,
    decompressedBytes: view.getUint32(layout.decompressedBytes, true),
    spans: view.getUint32(layout.spans, true),
    items: view.getUint32(layout.items, true),
    body:
      bodyKind === 'inline'
        ? { kind: 'inline', bytes: content }
        : { kind: 'spill', key: decoder.decode(content) },
  }
  return faultOf(envelope) ?? envelope
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
