import { SpanlakeError } from '../errors.ts'
import { isTenantName } from '../layout/keys.ts'
import { crc32 } from '../span/crc32.ts'
import type { Envelope } from './envelope.ts'
import { layout, magic, version } from './envelope-format.ts'

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
 * Opens a queue message. Bodies are views into `message`. An envelope that is damaged within its own bounds takes
 * nobody with it; once the bounds themselves cannot be trusted, the rest of the message is one corrupt part.
 */
export function openMessage(message: Uint8Array): OpenedMessage {
  const envelopes: Envelope[] = []
  const corrupt: CorruptPart[] = []
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  let offset = 0
  while (offset < message.length) {
    const bytes = boundsOf(message, view, offset)
    if (bytes === undefined) {
      const error = new SpanlakeError(
        'corrupt',
        `envelope has no readable bounds, at byte ${offset}`,
      )
      corrupt.push({ offset, bytes: message.length - offset, error })
      break
    }
    const opened = openEnvelope(message.subarray(offset, offset + bytes))
    if (opened instanceof SpanlakeError) corrupt.push({ offset, bytes, error: opened })
    else envelopes.push(opened)
    offset += bytes
  }
  return { envelopes, corrupt }
}

/** The length of the envelope at `offset`, by its own word; undefined when that cannot be. */
function boundsOf(message: Uint8Array, view: DataView, offset: number): number | undefined {
  if (message.length - offset < layout.tenant) return undefined
  if (view.getUint32(offset + layout.magic, true) !== magic) return undefined
  const tenantBytes = message[offset + layout.tenantBytes] as number
  const bytes = layout.tenant + tenantBytes + view.getUint32(offset + layout.contentBytes, true)
  return bytes <= message.length - offset ? bytes : undefined
}

function openEnvelope(sealed: Uint8Array): Envelope | SpanlakeError {
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (view.getUint32(layout.crc, true) !== crc32(sealed.subarray(layout.version))) {
    return new SpanlakeError('corrupt', 'envelope checksum does not match')
  }
  if (sealed[layout.version] !== version) {
    const found = sealed[layout.version]
    return new SpanlakeError('corrupt', `envelope version must be ${version}, got ${found}`)
  }
  const encoding = encodings[sealed[layout.encoding] as number]
  const bodyKind = sealed[layout.bodyKind]
  const contentStart = layout.tenant + (sealed[layout.tenantBytes] as number)
  const tenant = decoder.decode(sealed.subarray(layout.tenant, contentStart))
  const content = sealed.subarray(contentStart)
  if (encoding === undefined || (bodyKind !== 1 && bodyKind !== 2) || !isTenantName(tenant)) {
    return new SpanlakeError('corrupt', 'envelope fields must be known')
  }
  return {
    id: sealed.slice(layout.id, layout.id + 16),
    tenant,
    receivedMs: view.getFloat64(layout.receivedMs, true),
    encoding,
    decompressedBytes: view.getUint32(layout.decompressedBytes, true),
    spans: view.getUint32(layout.spans, true),
    body:
      bodyKind === 1
        ? { kind: 'inline', bytes: content }
        : { kind: 'spill', key: decoder.decode(content) },
  }
}

const decoder = new TextDecoder()
const encodings = [undefined, 'gzip', 'zstd'] as const
