import {
  sqlAnswerMsMax,
  sqlFilesBytesMax,
  sqlGraceMs,
  sqlMemoryBytesMax,
  sqlMsMax,
  sqlProcessBytesMax,
  sqlQueriesMax,
  sqlQueriesWaitingMax,
  sqlResultBytesMax,
  sqlResultRowsMax,
  sqlSpareMsMax,
  sqlThreadsMax,
  sqlWaitMsMax,
} from '../../src/limits.ts'

/** What queries may take: limits.ts says why so much. */
export interface SqlBounds {
  readonly ms: number
  readonly graceMs: number
  readonly answerMs: number
  readonly threads: number
  readonly memoryBytes: number
  readonly processBytes: number
  readonly filesBytes: number
  readonly resultRows: number
  readonly resultBytes: number
  readonly queries: number
  readonly waiting: number
  readonly waitMs: number
  readonly spareMs: number
}

export const sqlBounds: SqlBounds = {
  ms: sqlMsMax,
  graceMs: sqlGraceMs,
  answerMs: sqlAnswerMsMax,
  threads: sqlThreadsMax,
  memoryBytes: sqlMemoryBytesMax,
  processBytes: sqlProcessBytesMax,
  filesBytes: sqlFilesBytesMax,
  resultRows: sqlResultRowsMax,
  resultBytes: sqlResultBytesMax,
  queries: sqlQueriesMax,
  waiting: sqlQueriesWaitingMax,
  waitMs: sqlWaitMsMax,
  spareMs: sqlSpareMsMax,
}
