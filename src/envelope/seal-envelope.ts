import { SpanlakeError } from '../errors.ts'
import { isTenantName, parseSpillKey } from '../layout/keys.ts'
import { crc32 } from '../span/crc32.ts'
import type { Envelope } from './envelope.ts'
import { bodyKinds, encodings, layout, magic, version } from './envelope-format.ts'

const encoder = new TextEncoder()

/** An envelope as bytes; a queue message is one or more of them, back to back. */
export function sealEnvelope(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const fault = faultOf(envelope)
  if (fault !== undefined) throw new SpanlakeError('internal', fault)
  const tenant = encoder.encode(envelope.tenant)
  const { body } = envelope
  const content = body.kind === 'inline' ? body.bytes : encoder.encode(body.key)
  const contentStart = layout.tenant + tenant.length
  const sealed = new Uint8Array(contentStart + content.length)
  const view = new DataView(sealed.buffer)
  view.setUint32(layout.magic, magic, true)
  sealed[layout.version] = version
  sealed[layout.encoding] = encodings.indexOf(envelope.encoding)
  sealed[layout.bodyKind] = bodyKinds.indexOf(body.kind)
  sealed[layout.tenantBytes] = tenant.length
  sealed.set(envelope.id, layout.id)
  view.setFloat64(layout.receivedMs, envelope.receivedMs, true)
  view.setUint32(layout.decompressedBytes, envelope.decompressedBytes, true)
  view.setUint32(layout.spans, envelope.spans, true)
  view.setUint32(layout.items, envelope.items, true)
  view.setUint32(layout.contentBytes, content.length, true)
  view.setUint32(layout.contentCrc, crc32(content), true)
  sealed.set(tenant, layout.tenant)
  view.setUint32(layout.headerCrc, crc32(sealed.subarray(layout.version, contentStart)), true)
  sealed.set(content, contentStart)
  return sealed
}

/** What is wrong with an envelope, if anything: asked before it is sealed and again after it is opened. */
export function faultOf(envelope: Envelope): string | undefined {
  const { id, tenant, receivedMs, decompressedBytes, spans, items, body } = envelope
  if (id.length !== 16) return `envelope id must be 16 bytes, got ${id.length}`
  if (!isTenantName(tenant)) return `envelope tenant must be a name, got ${tenant.slice(0, 80)}`
  const numbers = Object.entries({ receivedMs, decompressedBytes, spans, items })
  for (const [name, value] of numbers) {
    const isWhole = Number.isSafeInteger(value) && value >= 0
    if (!isWhole || (name !== 'receivedMs' && value > 0xffff_ffff)) {
      return `envelope ${name} must be a whole number, got ${value}`
    }
  }
  // A pointer to another tenant's spill would carry its spans across.
  if (body.kind === 'spill' && parseSpillKey(body.key)?.tenant !== tenant) {
    return `envelope spill must be one of ${tenant}, got ${body.key.slice(0, 200)}`
  }
  return undefined
}
