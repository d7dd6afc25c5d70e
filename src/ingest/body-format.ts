import type { MediaType } from '../otlp/response.ts'
import { codeInvalidArgument, RefusedRequest } from './refusal.ts'

/** How a request's body is written. */
export interface BodyFormat {
  readonly type: MediaType
  readonly gzipped: boolean
}

/** Refuses with 415 what we do not read. Parameters of the media type are ignored. */
export function bodyFormatOf(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): BodyFormat {
  const type = mediaTypeOf(contentType)
  if (type === undefined) {
    throw unsupported(
      `content-type must be application/x-protobuf or application/json, got ${shown(contentType)}`,
    )
  }
  switch ((contentEncoding ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return { type, gzipped: false }
    case 'gzip':
    case 'x-gzip': // RFC 9110 §8.4.1.3: to be taken as gzip
      return { type, gzipped: true }
    default:
      throw unsupported(`content-encoding must be gzip or identity, got ${shown(contentEncoding)}`)
  }
}

/** The encoding that an answer should have, also to a request that is refused. */
export function mediaTypeOf(contentType: string | undefined): MediaType | undefined {
  const [essence = ''] = (contentType ?? '').split(';', 1)
  switch (essence.trim().toLowerCase()) {
    case 'application/x-protobuf':
      return 'protobuf'
    case 'application/json':
      return 'json'
    default:
      return undefined
  }
}

function unsupported(message: string): RefusedRequest {
  return new RefusedRequest({ status: 415, code: codeInvalidArgument, message })
}

function shown(value: string | undefined): string {
  return value === undefined || value === '' ? 'none' : value.slice(0, 80)
}
