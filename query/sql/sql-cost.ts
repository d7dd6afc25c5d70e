import type { ReadCost } from '../../src/lookup/read-cost.ts'

/** What the answer to a SQL query cost. */
export interface SqlCost extends ReadCost {
  filesConsidered: number
  /** Files whose footer was asked for, from the store or from memory. */
  filesRead: number
  groupsConsidered: number
  /** Row groups of which columns were laid down. */
  groupsRead: number
  /** Bytes laid down for the engine. */
  bytesLaid: number
}
