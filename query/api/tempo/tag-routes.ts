import type { Context, Hono } from 'hono'
import { type QueryContext, tenantOf } from '../../context.ts'
import { incompleteHeader } from '../../incomplete-header.ts'
import { readOnly } from '../../read-only.ts'
import { listTags } from '../../tags/list-tags.ts'
import type { TagAnswer } from '../../tags/tag-reading.ts'
import { type TagValue, tagValues } from '../../tags/tag-values.ts'
import type { Field } from '../../traceql/ast.ts'
import {
  parsePlainTag,
  parseTagField,
  parseTagsRequest,
  parseTagValuesRequest,
} from './tag-request.ts'
import { plainValuesJson, scopedTagsJson, tagNamesJson, typedValuesJson } from './tag-response.ts'

/** What Grafana's query editor offers: names of tags, and values of one. A tag's name may hold a slash. */
export function tagRoutes(app: Hono, context: QueryContext): void {
  readOnly(app, '/api/search/tags', async (c) => {
    const request = parseTagsRequest(parametersOf(c))
    // Version 1 lists attributes, and intrinsics to who asks for them.
    const isAsked = request.isOfIntrinsics && request.scopes.length === 0
    return c.json(tagNamesJson(await list(c, { ...request, q: '' }, context), isAsked))
  })
  readOnly(app, '/api/v2/search/tags', async (c) => {
    const request = parseTagsRequest(parametersOf(c))
    return c.json(scopedTagsJson(await list(c, request, context), request.isOfIntrinsics))
  })
  readOnly(app, '/api/search/tag/:tag{.+}/values', async (c) =>
    c.json(plainValuesJson(await values(c, parsePlainTag, context))),
  )
  readOnly(app, '/api/v2/search/tag/:tag{.+}/values', async (c) =>
    c.json(typedValuesJson(await values(c, parseTagField, context))),
  )
}

function parametersOf(c: Context): URLSearchParams {
  return new URL(c.req.url).searchParams
}

async function list(
  c: Context,
  request: ReturnType<typeof parseTagsRequest>,
  context: QueryContext,
): ReturnType<typeof listTags> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const { signal } = c.req.raw
  const answer = await listTags(tenant, { ...request, signal }, context.runtime, context.cache)
  incompleteHeader(c, answer.reasons)
  return answer
}

async function values(
  c: Context,
  parse: (tag: string) => Field,
  context: QueryContext,
): Promise<TagAnswer<readonly TagValue[]>> {
  const tenant = tenantOf(c.req.raw, 'read', context)
  const field = parse(c.req.param('tag') ?? '')
  const options = { ...parseTagValuesRequest(parametersOf(c)), signal: c.req.raw.signal }
  const answer = await tagValues(tenant, field, options, context.runtime, context.cache)
  incompleteHeader(c, answer.reasons)
  return answer
}
