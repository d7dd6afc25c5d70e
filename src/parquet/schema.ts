import type { ThriftWriter } from './thrift.ts'

/** Numbers are those of parquet.thrift, https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export const physicalTypes = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const
export type PhysicalType = keyof typeof physicalTypes

export const repetitions = { required: 0, optional: 1, repeated: 2 } as const
export type Repetition = keyof typeof repetitions

/** `plain-timestamp-ns` is one that no reader moves to a time zone, and which DuckDB keeps to the nanosecond. */
export type LogicalType = 'string' | 'list' | 'timestamp-ns' | 'plain-timestamp-ns' | 'uint32'

/** ConvertedType, the older way to say the same; timestamps in nanoseconds have none. */
const convertedUtf8 = 0
const convertedList = 3
const convertedUint32 = 13

export interface SchemaNode {
  readonly name: string
  readonly repetition: Repetition
  /** Undefined for a group. */
  readonly type?: PhysicalType
  readonly logical?: LogicalType
  /** Of FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength?: number
  readonly children?: readonly SchemaNode[]
}

/** A column as it lies in the file: the end of a path through the schema. */
export interface Leaf {
  readonly path: readonly string[]
  readonly type: PhysicalType
  readonly typeLength: number
  readonly logical: LogicalType | undefined
  readonly definitionMax: number
  readonly repetitionMax: number
}

/** The leaves below `nodes` in file order. */
export function leavesOf(nodes: readonly SchemaNode[]): Leaf[] {
  const leaves: Leaf[] = []
  const walk = (
    node: SchemaNode,
    path: readonly string[],
    definition: number,
    repetition: number,
  ) => {
    const here = [...path, node.name]
    const definitionMax = definition + (node.repetition === 'required' ? 0 : 1)
    const repetitionMax = repetition + (node.repetition === 'repeated' ? 1 : 0)
    for (const child of node.children ?? []) walk(child, here, definitionMax, repetitionMax)
    if (node.type === undefined) return
    leaves.push({
      path: here,
      type: node.type,
      typeLength: node.typeLength ?? 0,
      logical: node.logical,
      definitionMax,
      repetitionMax,
    })
  }
  for (const node of nodes) walk(node, [], 0, 0)
  return leaves
}

/** Writes FileMetaData.schema: the tree flattened, each parent before its children. */
export function writeSchema(
  thrift: ThriftWriter,
  field: number,
  nodes: readonly SchemaNode[],
): void {
  const flat: SchemaNode[] = []
  const flatten = (node: SchemaNode) => {
    flat.push(node)
    for (const child of node.children ?? []) flatten(child)
  }
  flatten({ name: 'spans', repetition: 'required', children: nodes })
  thrift.structs(field, flat, (node) => {
    if (node.type !== undefined) thrift.i32(1, physicalTypes[node.type])
    if (node.typeLength !== undefined) thrift.i32(2, node.typeLength)
    if (node !== flat[0]) thrift.i32(3, repetitions[node.repetition])
    thrift.string(4, node.name)
    if (node.children !== undefined) thrift.i32(5, node.children.length)
    if (node.logical !== undefined) writeLogical(thrift, node.logical)
  })
}

const logicalFields: Readonly<Record<LogicalType, number>> = {
  string: 1,
  list: 3,
  'timestamp-ns': 8,
  'plain-timestamp-ns': 8,
  uint32: 10,
}

function writeLogical(thrift: ThriftWriter, logical: LogicalType): void {
  if (logical === 'string') thrift.i32(6, convertedUtf8)
  if (logical === 'list') thrift.i32(6, convertedList)
  if (logical === 'uint32') thrift.i32(6, convertedUint32)
  thrift.begin(10)
  thrift.begin(logicalFields[logical])
  if (logical === 'timestamp-ns' || logical === 'plain-timestamp-ns') {
    thrift.bool(1, logical === 'timestamp-ns') // adjusted to UTC
    thrift.begin(2)
    thrift.begin(3) // NANOS
    thrift.end()
    thrift.end()
  }
  if (logical === 'uint32') {
    thrift.byte(1, 32)
    thrift.bool(2, false)
  }
  thrift.end()
  thrift.end()
}
