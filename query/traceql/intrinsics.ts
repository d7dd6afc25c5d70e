/** What TraceQL knows of every span, by its canonical name: Tempo's answers and labels spell it so. */
export type Intrinsic =
  | 'duration'
  | 'name'
  | 'status'
  | 'statusMessage'
  | 'kind'
  | 'rootName'
  | 'rootServiceName'
  | 'traceDuration'
  | 'nestedSetLeft'
  | 'nestedSetRight'
  | 'nestedSetParent'
  | 'trace:id'
  | 'span:id'
  | 'span:parentID'
  | 'span:childCount'
  | 'event:name'
  | 'event:timeSinceStart'
  | 'link:traceID'
  | 'link:spanID'
  | 'instrumentation:name'
  | 'instrumentation:version'

/** `id`: hexadecimal text, compared as an id. */
export type IntrinsicType = 'duration' | 'string' | 'status' | 'span-kind' | 'int' | 'id'

export const intrinsicTypes: Readonly<Record<Intrinsic, IntrinsicType>> = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'span-kind',
  rootName: 'string',
  rootServiceName: 'string',
  traceDuration: 'duration',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  'trace:id': 'id',
  'span:id': 'id',
  'span:parentID': 'id',
  'span:childCount': 'int',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'id',
  'link:spanID': 'id',
  'instrumentation:name': 'string',
  'instrumentation:version': 'string',
}

/** Other spellings of the same. */
const aliases: ReadonlyMap<string, Intrinsic> = new Map([
  ['span:duration', 'duration'],
  ['span:name', 'name'],
  ['span:status', 'status'],
  ['span:statusMessage', 'statusMessage'],
  ['span:kind', 'kind'],
  ['trace:duration', 'traceDuration'],
  ['trace:rootName', 'rootName'],
  ['trace:rootService', 'rootServiceName'],
])

/** The intrinsic that a query spells so; undefined when there is none. */
export function intrinsicOf(text: string): Intrinsic | undefined {
  return isIntrinsic(text) ? text : aliases.get(text)
}

function isIntrinsic(text: string): text is Intrinsic {
  return Object.hasOwn(intrinsicTypes, text)
}
