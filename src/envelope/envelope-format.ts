/** `SPEN`, read as a little-endian number. */
export const magic = 0x4e455053

export const version = 1

/**
 * Where the fields of a sealed envelope stand, in bytes; numbers are little-endian. The checksum covers everything
 * behind it, the body too. Tenant and content (the body, or the key of its spill) follow the fixed part.
 */
export const layout = {
  magic: 0,
  crc: 4,
  version: 8,
  encoding: 9,
  bodyKind: 10,
  tenantBytes: 11,
  id: 12,
  receivedMs: 28,
  decompressedBytes: 36,
  spans: 40,
  contentBytes: 44,
  tenant: 48,
} as const
