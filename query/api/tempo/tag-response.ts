import type { ScopeTags } from '../../tags/list-tags.ts'
import type { TagAnswer } from '../../tags/tag-reading.ts'
import type { TagValue } from '../../tags/tag-values.ts'

/** tempo.proto SearchTagsResponse */
export function tagNamesJson(answer: TagAnswer<readonly ScopeTags[]>, isOfIntrinsics: boolean) {
  const names = answer.value.flatMap(({ keys }) => keys)
  const intrinsics = isOfIntrinsics ? intrinsicNames : []
  return { tagNames: [...new Set([...intrinsics, ...names])], metrics: metricsJson(answer) }
}

/** tempo.proto SearchTagsV2Response; scopes without tags are left out. */
export function scopedTagsJson(answer: TagAnswer<readonly ScopeTags[]>, isOfIntrinsics: boolean) {
  const scopes = [
    ...answer.value.map(({ scope, keys }) => ({ name: scope, tags: keys })),
    ...(isOfIntrinsics ? [{ name: 'intrinsic', tags: intrinsicNames }] : []),
  ]
  return { scopes: scopes.filter(({ tags }) => tags.length > 0), metrics: metricsJson(answer) }
}

/** tempo.proto SearchTagValuesResponse */
export function plainValuesJson(answer: TagAnswer<readonly TagValue[]>) {
  const texts = answer.value.map(({ text }) => text)
  return { tagValues: [...new Set(texts)], metrics: metricsJson(answer) }
}

/** tempo.proto SearchTagValuesV2Response */
export function typedValuesJson(answer: TagAnswer<readonly TagValue[]>) {
  const tagValues = answer.value.map(({ type, text }) => ({ type, value: text }))
  return { tagValues, metrics: metricsJson(answer) }
}

/** tempo.proto MetadataMetrics: 64-bit counts are strings. */
function metricsJson({ cost, reasons }: TagAnswer<unknown>) {
  return {
    inspectedBytes: String(cost.bytesRead),
    totalBlocks: cost.filesConsidered,
    backendReads: String(cost.gets),
    backendBytes: String(cost.bytesRead),
    additionalMetrics: {
      complete: reasons.length === 0 ? '1' : '0',
      filesOpened: String(cost.filesOpened),
      rowGroupsRead: String(cost.groupsRead),
      backendLists: String(cost.lists),
    },
  }
}

/** As Tempo lists them; places in the tree are valid in queries, and not listed. */
const intrinsicNames: readonly string[] = [
  'duration',
  'name',
  'status',
  'statusMessage',
  'kind',
  'rootServiceName',
  'rootName',
  'traceDuration',
  'event:name',
  'event:timeSinceStart',
  'link:spanID',
  'link:traceID',
  'instrumentation:name',
  'instrumentation:version',
  'trace:id',
  'span:id',
  'span:parentID',
  'span:status',
  'span:statusMessage',
  'span:duration',
  'span:name',
  'span:kind',
  'trace:rootName',
  'trace:rootService',
  'trace:duration',
]
