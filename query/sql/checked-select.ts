/** What a SELECT names, as `checkSelect` found it: the plan reads no other columns. */
export interface CheckedSelect {
  /** Of our views; empty for `SELECT 1`. */
  readonly views: ReadonlySet<'spans' | 'traces'>
  /**
   * Names that may be columns of the views, in lower case (DuckDB folds case), those of aliases and CTEs among them;
   * `all` when a star, `COLUMNS` or the like asks for every column.
   */
  readonly columns: ReadonlySet<string> | 'all'
}
