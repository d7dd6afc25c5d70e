import { fixedColumns as c } from '../../src/layout/columns.ts'
import type { AttributeField, Field } from '../traceql/ast.ts'
import type { Intrinsic } from '../traceql/intrinsics.ts'
import type { OpenFile } from './open-file.ts'

/** The paths of the columns, as far as the file has them, that tell the field of a row. */
export function columnPaths(
  field: Field,
  file: Pick<OpenFile, 'attributes' | 'columns'>,
): string[] {
  return field.kind === 'attribute' ? attributePaths(field, file) : [...intrinsicPaths[field.name]]
}

function attributePaths(
  { scope, key }: AttributeField,
  { attributes, columns }: Pick<OpenFile, 'attributes' | 'columns'>,
): string[] {
  if (scope === 'event') return [eventsPrefix]
  if (scope === 'link') return [linksPrefix]
  return columnScopes[scope].flatMap((one) => {
    const { rest } = columns
    const own = attributes.filter((column) => column.scope === one && column.key === key)
    const mightBeRest =
      rest === 'any' || rest.some((counted) => counted.scope === one && counted.key === key)
    return [...own.map(({ name }) => name), ...(mightBeRest ? [restColumns[one]] : [])]
  })
}

export const columnScopes = {
  any: ['span', 'resource'],
  span: ['span'],
  resource: ['resource'],
  instrumentation: ['scope'],
} as const

export const restColumns = {
  resource: c.resourceRest,
  scope: c.scopeRest,
  span: c.spanRest,
} as const

/** All leaves of a list come together: what begins so. */
export const eventsPrefix = `${c.events}.`
export const linksPrefix = `${c.links}.`

const intrinsicPaths: Readonly<Record<Intrinsic, readonly string[]>> = {
  duration: [c.start, c.durationNs, c.end],
  name: [c.name],
  status: [c.statusCode],
  statusMessage: [c.statusMessage],
  kind: [c.kind],
  'trace:id': [c.traceId],
  'span:id': [c.spanId],
  'span:parentID': [c.parentSpanId],
  'event:name': [eventsPrefix],
  'event:timeSinceStart': [c.start, eventsPrefix],
  'link:traceID': [linksPrefix],
  'link:spanID': [linksPrefix],
  'instrumentation:name': [c.scopeName],
  'instrumentation:version': [c.scopeVersion],
  // What only the whole trace tells is asked of the whole trace; of a row, whether it may be a root.
  nestedSetParent: [c.parentSpanId],
  nestedSetLeft: [],
  nestedSetRight: [],
  rootName: [],
  rootServiceName: [],
  traceDuration: [],
  'span:childCount': [],
}
