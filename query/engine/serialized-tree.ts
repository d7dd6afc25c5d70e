import { SpanlakeError } from '../../src/errors.ts'

/** What DuckDB makes of a text, as it serializes it: the tree, or why there is none. */
export function treeOf(text: string): unknown {
  const tree = parsedJson(text)
  if (!tree.error) return tree
  if (tree.error_type === 'not implemented') {
    throw new SpanlakeError(
      'invalid',
      'sql must be one SELECT, not EXPLAIN, PIVOT or another statement',
    )
  }
  const at = tree.position === undefined ? '' : `, at offset ${tree.position}`
  throw new SpanlakeError('invalid', `sql is not valid: ${tree.error_message}${at}`)
}

interface SerializedSql {
  readonly error: boolean
  readonly error_type?: string
  readonly error_message?: string
  readonly position?: string
}

/** DuckDB writes infinite numbers as JSON does not have them. */
function parsedJson(text: string): SerializedSql {
  try {
    return JSON.parse(text) as SerializedSql
  } catch (cause) {
    throw new SpanlakeError('invalid', 'sql numbers must be finite', { cause })
  }
}
