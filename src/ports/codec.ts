/**
 * Compression and hashing as the platform has them. Pure functions from bytes to bytes, synchronous on every platform
 * (node:zlib and node:crypto, which workerd has too): so pure rooms may take them as arguments.
 */
export interface Codec {
  /** How the door compresses a body that came uncompressed. */
  readonly bodyEncoding: 'gzip' | 'zstd'
  /** One zstd frame (level 1) that decodes to `bytes`. */
  zstd(bytes: Uint8Array): Uint8Array
  /** Throws kind `corrupt` when the frame is broken or its size is not `bytesOut`. */
  unzstd(frame: Uint8Array, bytesOut: number): Uint8Array
  /**
   * Inflates all members of a gzip stream. Throws kind `too-large` as soon as more than `bytesMax` come out, never
   * holding much more than that, and kind `invalid` when the stream is broken or cut short.
   */
  gunzip(bytes: Uint8Array, bytesMax: number): Uint8Array
  gzip(bytes: Uint8Array): Uint8Array
  /** SHA-256 over the parts, one after the other; 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
}
