import { type AttributeScope, fixedColumns as c } from '../layout/columns.ts'
import { parseAnyValueText } from '../span/any-value-text.ts'
import type { AnyValue } from '../span/span.ts'
import type { AttributeColumnInfo } from './attribute-columns.ts'
import type { FlatColumn } from './flat-arena.ts'
import { attributeId, type MergePlan, serviceNameId, type TargetKind } from './merge-plan.ts'
import type { OpenGroup } from './open-group.ts'
import type { GroupColumns } from './read-group.ts'
import { type RestMember, restMembers, restMemberText } from './rest-members.ts'
import { entryText } from './span-of-row.ts'

/** A decoded row group of an input, and where its columns go. */
export interface HeldGroup {
  readonly input: number
  readonly columns: GroupColumns
  /** Rows up to here have been merged. */
  position: number
  /** 1 for a row that is not to be kept. */
  readonly dropped: Uint8Array | undefined
  readonly moves: readonly FlatMove[]
  /** Required columns that this group does not have. */
  readonly missing: readonly { readonly target: number; readonly kind: TargetKind }[]
  readonly rests: readonly RestMove[]
}

/** A flat column whose values go to a column of the plan. */
export interface FlatMove {
  readonly column: FlatColumn
  readonly target: number
  readonly kind: TargetKind
  /** By id of the column: the value plus 1 in the tables of the group that it was last moved to, 0 while unknown. */
  readonly known: Uint32Array
  knownTo: OpenGroup | undefined
  knownEpoch: number
}

/** What goes to, or comes from, the rest column of one scope. */
export interface RestMove {
  readonly target: number
  readonly column: FlatColumn | undefined
  /** By entry of the column's table, taken apart when its first row comes. */
  readonly texts: (RestText | undefined)[]
  readonly partsOf: (entry: number) => RestText
  /** By row, what lost its column: rare by definition, or it would have kept it. */
  readonly demoted: ReadonlyMap<number, readonly RestPart[]>
}

export interface RestText {
  /** What stays, as one text; undefined when nothing does. */
  readonly kept: string | undefined
  readonly parts: readonly RestPart[]
  /** What has a column now, or is asked for besides. */
  readonly moved: readonly { readonly target: number; readonly value: AnyValue }[]
}

/** An attribute that stays in a rest column. */
export interface RestPart {
  readonly id: string
  readonly attribute: Omit<AttributeColumnInfo, 'name'>
  readonly text: string
  /** Of a `service.name` without a column: the summaries want it. */
  readonly service: string | undefined
}

export function holdGroup(
  input: number,
  columns: GroupColumns,
  plan: MergePlan,
  dropped: Uint8Array | undefined,
): HeldGroup {
  const chosen: { column: FlatColumn; target: number }[] = []
  const demoted = new Map<AttributeScope, [AttributeColumnInfo, FlatColumn][]>()
  const restNames = new Set<string>(Object.values(restColumns))
  const attributes = new Map(columns.attributes.map((info) => [info.name, info]))
  for (const [name, column] of columns.flat) {
    const info = attributes.get(name)
    if (restNames.has(name)) continue
    const target =
      info === undefined
        ? plan.columnOfName.get(name)
        : plan.columnOfAttribute.get(attributeId(info.scope, info.key, info.type))
    if (target !== undefined) chosen.push({ column, target })
    else if (info !== undefined) {
      demoted.set(info.scope, [...(demoted.get(info.scope) ?? []), [info, column]])
    }
  }
  const filled = new Set(chosen.map(({ target }) => target))
  const missing = plan.columns.flatMap(({ required, kind }, target) =>
    required && !filled.has(target) ? [{ target, kind }] : [],
  )
  const rests = scopes
    .filter((scope) => columns.flat.has(restColumns[scope]) || demoted.has(scope))
    .map((scope) => restMove(scope, columns, demoted.get(scope) ?? [], plan))
  return { input, columns, position: 0, dropped, moves: flatMoves(chosen, plan), missing, rests }
}

/** With what is known of all columns in one piece of memory. */
function flatMoves(
  chosen: readonly { readonly column: FlatColumn; readonly target: number }[],
  plan: MergePlan,
): FlatMove[] {
  const values = ({ constant, table }: FlatColumn) =>
    constant === undefined ? table.entries + 1 : 0
  const known = new Uint32Array(chosen.reduce((sum, { column }) => sum + values(column), 0))
  let at = 0
  return chosen.map(({ column, target }) => {
    const own = known.subarray(at, at + values(column))
    at += own.length
    const { kind } = plan.columns[target]!
    return { column, target, kind, known: own, knownTo: undefined, knownEpoch: 0 }
  })
}

const scopes: readonly AttributeScope[] = ['resource', 'scope', 'span']
const restColumns = { resource: c.resourceRest, scope: c.scopeRest, span: c.spanRest } as const

function restMove(
  scope: AttributeScope,
  { flat, rows }: GroupColumns,
  lost: readonly (readonly [AttributeColumnInfo, FlatColumn])[],
  plan: MergePlan,
): RestMove {
  const column = flat.get(restColumns[scope])
  const demoted = new Map<number, RestPart[]>()
  for (const [{ key, type }, { ids, table }] of lost) {
    const parts: (RestPart | undefined)[] = []
    for (let row = 0; row < rows; row++) {
      const id = ids[row]!
      if (id === 0) continue
      parts[id] ??= restPart(scope, key, type, restMemberText(key, type, table, id - 1))
      const others = demoted.get(row)
      if (others === undefined) demoted.set(row, [parts[id]])
      else others.push(parts[id])
    }
  }
  return {
    target: plan.columnOfName.get(restColumns[scope])!,
    column,
    texts: [],
    partsOf: (entry) => takeApart(scope, entryText(column!.table, entry), plan),
    demoted,
  }
}

function takeApart(scope: AttributeScope, text: string, plan: MergePlan): RestText {
  const members = restMembers(text)
  const moved: { target: number; value: AnyValue }[] = []
  const parts: RestPart[] = []
  for (const member of members) {
    const target = plan.columnOfAttribute.get(attributeId(scope, member.key, member.type))
    if (target !== undefined) moved.push({ target, value: movedValue(member) })
    else parts.push(restPart(scope, member.key, member.type, member.text))
  }
  if (moved.length === 0) return { kept: text, parts, moved }
  return { kept: joinedParts(parts), parts, moved }
}

export function joinedParts(parts: readonly RestPart[]): string | undefined {
  return parts.length === 0 ? undefined : `{${parts.map(({ text }) => text).join(',')}}`
}

/** A JSON column keeps the text as it is, under the name of a string. */
function movedValue({ type, value }: RestMember): AnyValue {
  return type === 'json' ? { kind: 'string', value } : parseAnyValueText(value)
}

function restPart(
  scope: AttributeScope,
  key: string,
  type: AttributeColumnInfo['type'],
  text: string,
): RestPart {
  const id = attributeId(scope, key, type)
  const service =
    id === serviceNameId ? parseAnyValueText(text.slice(text.indexOf(':') + 1)) : undefined
  return {
    id,
    attribute: { scope, key, type },
    text,
    service: service?.kind === 'string' ? service.value : undefined,
  }
}
