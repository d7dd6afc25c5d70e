/** `SPEN`, read as a little-endian number. */
export const magic = 0x4e455053

export const version = 1

/**
 * Where the fields of a sealed envelope stand, in bytes; numbers are little-endian. Tenant and content (the body, or the
 * key of its spill) follow the fixed part.
 *
 * Two checksums, because two things are trusted: the header's covers all from `version` to the end of the tenant, and
 * so the lengths, before anything is taken at its word; the content's covers the content. A damaged content then leaves
 * the next envelope's place certain, and bytes inside a content, which a client chose, are never read as an envelope.
 */
export const layout = {
  magic: 0,
  headerCrc: 4,
  version: 8,
  encoding: 9,
  bodyKind: 10,
  tenantBytes: 11,
  id: 12,
  receivedMs: 28,
  decompressedBytes: 36,
  spans: 40,
  items: 44,
  contentBytes: 48,
  contentCrc: 52,
  tenant: 56,
} as const

/** What the byte at `encoding` and the one at `bodyKind` mean, by index; 0 is never written. */
export const encodings = [undefined, 'gzip', 'zstd'] as const
export const bodyKinds = [undefined, 'inline', 'spill'] as const
