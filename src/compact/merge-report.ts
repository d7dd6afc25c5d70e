/** What one merge did, once it was committed. */
export interface MergeReport {
  readonly kind: 'fresh' | 'spans'
  readonly filesBefore: number
  readonly filesAfter: number
  /** Fewer after: repeats that met. */
  readonly rowsBefore: number
  readonly rowsAfter: number
  readonly bytesRead: number
  /** Span files and index. */
  readonly bytesWritten: number
  readonly indexBytesWritten: number
}
