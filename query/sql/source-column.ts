import type { AttributeScope, fixedColumns } from '../../src/layout/columns.ts'
import type { AttributeType } from '../../src/span/span-batch.ts'

/** A column of files of spans by what it holds; what a file calls it is the file's own affair. */
export type SourceColumn =
  | { readonly kind: 'fixed'; readonly name: FixedColumn }
  | {
      readonly kind: 'attribute'
      readonly scope: AttributeScope
      readonly key: string
      readonly type: AttributeType
    }

export type FixedColumn = (typeof fixedColumns)[keyof typeof fixedColumns]

export function fixed(name: FixedColumn): SourceColumn {
  return { kind: 'fixed', name }
}

/** The same for sources that hold the same. */
export function sourceId(source: SourceColumn): string {
  if (source.kind === 'fixed') return source.name
  return `${source.scope} ${source.type} ${source.key}`
}

/** What the file calls it; undefined when it has no such column. */
export function nameInFile(
  source: SourceColumn,
  attributes: readonly {
    readonly name: string
    readonly scope: AttributeScope
    readonly key: string
    readonly type: AttributeType
  }[],
): string | undefined {
  if (source.kind === 'fixed') return source.name
  const { scope, key, type } = source
  return attributes.find((one) => one.scope === scope && one.key === key && one.type === type)?.name
}

/** A column of a view, from columns of files. */
export interface ViewColumn {
  readonly name: string
  /** DuckDB's name of it. */
  readonly type: string
  readonly sources: readonly SourceColumn[]
  /** From what SQL calls the sources; undefined: null, for want of sources. */
  readonly sql: (ref: SourceRef) => string | undefined
}

/** What SQL calls a source; undefined where no file has it. */
export type SourceRef = (source: SourceColumn) => string | undefined

/** A text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as SQL writes it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
