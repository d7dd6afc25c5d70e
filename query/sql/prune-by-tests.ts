import { fixedColumns as c } from '../../src/layout/columns.ts'
import { storeReadsAtOnce } from '../../src/limits.ts'
import type { Condition, TimeRange } from '../../src/prune/condition.ts'
import { mapAtOnce } from '../../src/snapshot/map-at-once.ts'
import { hexOf } from '../../src/span/trace-id.ts'
import type { OpenGroup } from '../search/open-file.ts'
import { orTrouble } from '../search/or-trouble.ts'
import { pruneGroups } from '../search/prune-groups.ts'
import { kindNames, statusNames } from '../search/span-values.ts'
import type { AttributeViewColumn } from './attribute-view-columns.ts'
import type { FileToLay, SqlReading } from './files-to-lay.ts'
import type { ViewColumn } from './source-column.ts'
import type { WhereTest } from './where-tests.ts'

/**
 * The files with those of their row groups that may hold rows which pass the tests, by statistics and bloom filters; a
 * file of which none may is left out. It changes what is read and never what is answered. Throws `MissingObject`.
 */
export async function pruneByTests(
  files: readonly FileToLay[],
  tests: readonly WhereTest[],
  columns: readonly ViewColumn[],
  range: TimeRange,
  { troubles, runtime }: Pick<SqlReading, 'troubles' | 'runtime'>,
): Promise<readonly FileToLay[]> {
  const conditions = tests.flatMap((test) => conditionOf(test, columns) ?? [])
  const traceIds = tests.filter(({ column, operator }) => column === c.traceId && operator === '=')
  if (conditions.length === 0 && traceIds.length === 0) return files
  const condition: Condition = { kind: 'all', of: conditions }
  const pruned = await mapAtOnce(files, storeReadsAtOnce, ({ file, groups, ...rest }) =>
    orTrouble(troubles, file.key, async () => {
      const near = groups.filter((group) =>
        traceIds.every(({ value }) => mightHoldTrace(group, value)),
      )
      const left = await pruneGroups({ ...file, groups: near }, condition, range, runtime)
      return { file, groups: left, ...rest }
    }),
  )
  return pruned.filter((file) => file !== undefined).filter(({ groups }) => groups.length > 0)
}

/** False is a proof: ids lie in order, and hex in lower case is in the same order. */
function mightHoldTrace({ chunks }: OpenGroup, id: string | bigint): boolean {
  const { min, max } = chunks.get(c.traceId)?.known ?? {}
  if (min === undefined || max === undefined || typeof id !== 'string') return true
  return hexOf(min) <= id && id <= hexOf(max)
}

/** The test of a column as one of what files have; undefined where their columns do not tell. */
function conditionOf(
  { column: name, operator, value }: WhereTest,
  columns: readonly ViewColumn[],
): Condition | undefined {
  const column = columns.find((one) => one.name.toLowerCase() === name)
  if (column === undefined) return undefined
  const test = { kind: 'compare', operator, value } as const
  const isText = typeof value === 'string' && operator === '='
  const isNumber = typeof value === 'bigint'
  if (isAttribute(column)) {
    const { scope, key, types } = column.of
    const [only] = types.keys()
    // Of a key with several types the text may be that of any.
    const isTold = types.size === 1 && (only === 'string' ? isText : only === 'int' && isNumber)
    return isTold && !column.isAlias ? { kind: 'attribute', scopes: [scope], key, test } : undefined
  }
  switch (column.name) {
    case c.name:
      return isText ? { kind: 'column', column: c.name, type: 'string', test } : undefined
    case c.durationNs:
      return isNumber ? { kind: 'column', column: c.durationNs, type: 'int', test } : undefined
    case c.kind:
      return isText ? enumCondition(c.kind, kindNames, value) : undefined
    case 'status':
      return isText ? enumCondition(c.statusCode, statusNames, value) : undefined
    default:
      return undefined
  }
}

/** The first name stands for all numbers that the enum does not know, too. */
function enumCondition(
  column: string,
  names: readonly string[],
  name: string,
): Condition | undefined {
  const number = names.indexOf(name)
  if (number <= 0) return undefined
  const test = { kind: 'compare', operator: '=', value: BigInt(number) } as const
  return { kind: 'column', column, type: 'int32', test }
}

function isAttribute(column: ViewColumn): column is AttributeViewColumn {
  return 'of' in column
}
