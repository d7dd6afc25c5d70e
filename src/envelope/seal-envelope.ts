import { crc32 } from '../span/crc32.ts'
import type { Envelope } from './envelope.ts'
import { layout, magic, version } from './envelope-format.ts'

const encoder = new TextEncoder()

/** An envelope as bytes; a queue message is one or more of them, back to back. */
export function sealEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const tenant = encoder.encode(envelope.tenant)
  const { body } = envelope
  const content = body.kind === 'inline' ? body.bytes : encoder.encode(body.key)
  const sealed = new Uint8Array(layout.tenant + tenant.length + content.length)
  const view = new DataView(sealed.buffer)
  view.setUint32(layout.magic, magic, true)
  sealed[layout.version] = version
  sealed[layout.encoding] = envelope.encoding === 'gzip' ? 1 : 2
  sealed[layout.bodyKind] = body.kind === 'inline' ? 1 : 2
  sealed[layout.tenantBytes] = tenant.length
  sealed.set(envelope.id, layout.id)
  view.setFloat64(layout.receivedMs, envelope.receivedMs, true)
  view.setUint32(layout.decompressedBytes, envelope.decompressedBytes, true)
  view.setUint32(layout.spans, envelope.spans, true)
  view.setUint32(layout.contentBytes, content.length, true)
  sealed.set(tenant, layout.tenant)
  sealed.set(content, layout.tenant + tenant.length)
  view.setUint32(layout.crc, crc32(sealed.subarray(layout.version)), true)
  return sealed
}
