/** Characters of a query; Tempo's own default (`max_query_expression_size_bytes`). */
export const queryCharsMax = 128 * 1024

/** Brackets and signs inside each other: the parser calls itself for each of them. */
export const queryNestingMax = 64

/** Operators, stages and functions of one query: how deep a tree can get that was written without brackets. */
export const queryOperatorsMax = 1_000

/** Characters of a query's part that an error message repeats. */
export const excerptCharsMax = 80

/** Values that `compare` keeps apart, if the query names no number, and at most. */
export const compareTopDefault = 10
export const compareTopMax = 1_000
