import type { MediaType } from '../otlp/response.ts'

/** How a request's body is written. */
export interface BodyFormat {
  readonly type: MediaType
  readonly gzipped: boolean
}

/** A media type or encoding that we do not read: answered 415, in the request's encoding where that is known. */
export class UnsupportedFormat extends Error {}

export function bodyFormatOf(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): BodyFormat {
  const type = mediaTypeOf(contentType)
  if (type === undefined) {
    throw new UnsupportedFormat(
      `content-type must be application/x-protobuf or application/json, got ${shown(contentType)}`,
    )
  }
  const encoding = (contentEncoding ?? '').trim().toLowerCase()
  if (encoding !== '' && encoding !== 'identity' && encoding !== 'gzip') {
    throw new UnsupportedFormat(`content-encoding must be gzip or identity, got ${shown(encoding)}`)
  }
  return { type, gzipped: encoding === 'gzip' }
}

/** The encoding that an answer should have, also to a request that is refused. */
export function mediaTypeOf(contentType: string | undefined): MediaType | undefined {
  const [essence = ''] = (contentType ?? '').split(';')
  switch (essence.trim().toLowerCase()) {
    case 'application/x-protobuf':
      return 'protobuf'
    case 'application/json':
      return 'json'
    default:
      return undefined
  }
}

function shown(value: string | undefined): string {
  return value === undefined || value === '' ? 'none' : value.slice(0, 80)
}
