import { fixedColumns as c, nestedColumns as n } from '../layout/columns.ts'
import type { LogicalType, PhysicalType, Repetition, SchemaNode } from '../parquet/schema.ts'
import type { AttributeType } from '../span/span-batch.ts'

/**
 * The Parquet schema of a file of spans: fixed columns, then these attribute columns, then events and links. Only fresh
 * files have the column `envelope`.
 */
export function spanSchema(
  attributes: readonly { readonly name: string; readonly type: AttributeType }[],
  kind: 'fresh' | 'compacted' = 'fresh',
): SchemaNode[] {
  return [
    ...(kind === 'fresh' ? fixedNodes : fixedNodes.filter(({ name }) => name !== c.envelope)),
    ...attributes.map(({ name, type }) => attributeNode(name, type)),
    listNode(c.events, eventFields),
    listNode(c.links, linkFields),
  ]
}

function leaf(
  name: string,
  type: PhysicalType,
  repetition: Repetition,
  extra: { logical?: LogicalType; typeLength?: number } = {},
): SchemaNode {
  return { name, type, repetition, ...extra }
}

const text = (name: string, repetition: Repetition) =>
  leaf(name, 'BYTE_ARRAY', repetition, { logical: 'string' })
const id = (name: string, typeLength: number, repetition: Repetition = 'required') =>
  leaf(name, 'FIXED_LEN_BYTE_ARRAY', repetition, { typeLength })
const time = (name: string, repetition: Repetition) =>
  leaf(name, 'INT64', repetition, { logical: 'timestamp-ns' })
const count = (name: string) => leaf(name, 'INT32', 'required', { logical: 'uint32' })

const fixedNodes: readonly SchemaNode[] = [
  id(c.traceId, 16),
  id(c.spanId, 8),
  id(c.parentSpanId, 8, 'optional'),
  text(c.name, 'required'),
  leaf(c.kind, 'INT32', 'required'),
  time(c.start, 'required'),
  leaf(c.durationNs, 'INT64', 'required'),
  time(c.end, 'optional'),
  leaf(c.statusCode, 'INT32', 'required'),
  text(c.statusMessage, 'optional'),
  text(c.traceState, 'optional'),
  count(c.flags),
  count(c.droppedAttributesCount),
  count(c.droppedEventsCount),
  count(c.droppedLinksCount),
  text(c.scopeName, 'required'),
  text(c.scopeVersion, 'required'),
  count(c.scopeDroppedAttributesCount),
  text(c.scopeSchemaUrl, 'required'),
  count(c.resourceDroppedAttributesCount),
  text(c.resourceSchemaUrl, 'required'),
  leaf(c.envelope, 'INT32', 'required'),
  text(c.resourceRest, 'optional'),
  text(c.scopeRest, 'optional'),
  text(c.spanRest, 'optional'),
]

const attributesNode = listNode(n.attributes, [
  text(n.key, 'required'),
  text(n.type, 'required'),
  text(n.value, 'required'),
])

const eventFields: readonly SchemaNode[] = [
  time(n.time, 'required'),
  text(n.name, 'required'),
  count(n.droppedAttributesCount),
  attributesNode,
]

const linkFields: readonly SchemaNode[] = [
  id(n.traceId, 16),
  id(n.spanId, 8),
  text(n.traceState, 'required'),
  count(n.flags),
  count(n.droppedAttributesCount),
  attributesNode,
]

/** A list of structs in Parquet's three levels; only the middle one adds to the levels, since nothing is ever null. */
function listNode(name: string, fields: readonly SchemaNode[]): SchemaNode {
  const element: SchemaNode = { name: 'element', repetition: 'required', children: fields }
  const list: SchemaNode = { name: 'list', repetition: 'repeated', children: [element] }
  return { name, repetition: 'required', logical: 'list', children: [list] }
}

export function attributeNode(name: string, type: AttributeType): SchemaNode {
  if (type === 'int') return leaf(name, 'INT64', 'optional')
  if (type === 'double') return leaf(name, 'DOUBLE', 'optional')
  if (type === 'bool') return leaf(name, 'BOOLEAN', 'optional')
  return text(name, 'optional')
}
