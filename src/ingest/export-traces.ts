import { SpanlakeError } from '../errors.ts'
import type { CheckResult } from '../otlp/check.ts'
import { exportResponse, type MediaType, mediaTypes, statusResponse } from '../otlp/response.ts'
import type { Runtime } from '../runtime.ts'
import type { Access, Grant } from './access.ts'
import { type BodyFormat, bodyFormatOf, mediaTypeOf } from './body-format.ts'
import { type Checked, checkBody } from './check-body.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import type { EnvelopeSender } from './gather-envelopes.ts'
import { keepParcel } from './keep-parcel.ts'
import type { RateLimit } from './rate-limit.ts'
import { readBody } from './read-body.ts'
import {
  codeInvalidArgument,
  codeUnimplemented,
  RefusedRequest,
  refusalOf,
  throttled,
} from './refusal.ts'

export interface DoorRequest {
  readonly method: string
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

export interface DoorAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Door {
  readonly runtime: Runtime
  readonly queue: EnvelopeSender
  readonly access: Access
  readonly rate: RateLimit
  readonly corsOrigins: readonly string[]
  /** Bytes of request bodies that are being read or worked on, over all requests. */
  readonly inFlight: { bytes: number }
}

const noBytes = new Uint8Array(0)

/**
 * `POST /v1/traces`: checks a request, makes it durable, and only then answers 200. Never throws: whatever goes wrong is
 * an answer in the request's own encoding.
 */
export async function exportTraces(request: DoorRequest, door: Door): Promise<DoorAnswer> {
  const { clock, meter } = door.runtime
  const startMs = clock.nowMs()
  const cors = corsHeaders(request.header('origin'), door.corsOrigins)
  const answer = await answerTo(request, door)
  meter.count('spanlake_requests_total', 1, { status: String(answer.status) })
  meter.observe('spanlake_request_seconds', Math.max(0, clock.nowMs() - startMs) / 1_000)
  return { ...answer, headers: { ...cors, ...answer.headers } }
}

async function answerTo(request: DoorRequest, door: Door): Promise<DoorAnswer> {
  if (request.method === 'OPTIONS') {
    const headers = preflightHeaders(request.header('origin'), door.corsOrigins)
    return { status: 204, headers: { allow: methods, ...headers }, body: noBytes }
  }
  const contentType = request.header('content-type')
  // Where the type is one that we cannot answer in, protobuf it is.
  const type = mediaTypeOf(contentType) ?? 'protobuf'
  try {
    if (request.method !== 'POST') throw wrongMethod(request.method)
    const format = bodyFormatOf(contentType, request.header('content-encoding'))
    const { invalidSpans, reasons, warnings } = await accept(request, format, door)
    const message = listed(new Map([...reasons, ...warnings]))
    const body = exportResponse(invalidSpans, message, type)
    return { status: 200, headers: { 'content-type': mediaTypes[type] }, body }
  } catch (error) {
    return refuse(error, type, door.runtime)
  }
}

const methods = 'POST, OPTIONS'

function wrongMethod(method: string): RefusedRequest {
  return new RefusedRequest({
    status: 405,
    code: codeUnimplemented,
    message: `method must be POST, got ${method.slice(0, 20)}`,
    headers: { allow: methods },
  })
}

/** Takes a request all the way to the queue. Throws whatever it is to be refused with. */
async function accept(request: DoorRequest, format: BodyFormat, door: Door): Promise<CheckResult> {
  const grant = door.access.authorize(
    { authorization: request.header('authorization'), orgId: request.header('x-scope-orgid') },
    'write',
  )
  // Who is in debt is refused before anything is read; others once it is known how many spans they sent.
  slowDown(grant, 0, door)
  const held = holdIn(door)
  const { checked, parcel } = await receive(request, format, grant, door, held)
  if (parcel) await keepParcel(parcel, door, held.release)
  count(checked, grant, door.runtime)
  const { spans, invalidSpans, reasons } = checked
  if (spans > 0 && invalidSpans === spans) {
    throw new SpanlakeError('invalid', `every span is invalid: ${listed(reasons)}`)
  }
  return checked
}

/** Reasons with how many spans each concerns, as a client reads them. */
function listed(reasons: ReadonlyMap<string, number>): string {
  const parts = [...reasons].map(([reason, n]) => `${reason} (${n} ${n === 1 ? 'span' : 'spans'})`)
  return parts.join('; ')
}

/**
 * Reads and checks the body. A function of its own, so that the body in its larger forms is gone from memory by the time
 * that its caller waits for the queue.
 */
async function receive(
  request: DoorRequest,
  format: BodyFormat,
  grant: Grant,
  door: Door,
  held: HeldBytes,
): Promise<Checked> {
  const { runtime } = door
  const { requestBytesMax, requestMsMax } = runtime.limits
  const declared = Number(request.header('content-length') ?? 0)
  if (declared > requestBytesMax) {
    throw new SpanlakeError(
      'too-large',
      `request body must be at most ${requestBytesMax} bytes, got ${declared}`,
    )
  }
  let bytesLeft = 0
  try {
    const bounds = { bytesMax: requestBytesMax, msMax: requestMsMax, hold: held.add }
    const sent = await readBody(request.body, bounds)
    runtime.meter.count('spanlake_request_bytes_total', sent.length)
    const checked = checkBody(sent, format, grant.tenant, runtime)
    slowDown(grant, checked.checked.spans, door)
    bytesLeft = checked.parcel?.bytes.length ?? 0
    return checked
  } finally {
    held.shrinkTo(bytesLeft)
  }
}

interface HeldBytes {
  add(bytes: number): void
  shrinkTo(bytes: number): void
  release(): void
}

/** Counts what a request holds of the memory that all requests share. */
function holdIn({ inFlight, runtime }: Door): HeldBytes {
  const { inFlightBytesMax } = runtime.limits
  let held = 0
  const shrinkTo = (bytes: number): void => {
    const less = Math.max(0, held - bytes)
    held -= less
    inFlight.bytes -= less
  }
  return {
    add(bytes) {
      if (inFlight.bytes + bytes > inFlightBytesMax) {
        throw new SpanlakeError('unavailable', 'server holds too many requests at once, try again')
      }
      held += bytes
      inFlight.bytes += bytes
    },
    shrinkTo,
    release: () => shrinkTo(0),
  }
}

function slowDown({ budgets }: Grant, spans: number, { rate }: Door): void {
  if (budgets.length === 0) return
  const overdrawn = rate.take(budgets, spans)
  if (overdrawn === undefined) return
  const { budget, waitSeconds } = overdrawn
  throw throttled(
    waitSeconds,
    `${budget.name} must send at most ${budget.spansPerSecond} spans a second, try again in ${waitSeconds} s`,
  )
}

function count(
  { spans, invalidSpans, reasons }: CheckResult,
  grant: Grant,
  runtime: Runtime,
): void {
  const { meter } = runtime
  meter.count('spanlake_spans_accepted_total', spans - invalidSpans, { tenant: grant.tenant })
  meter.observe('spanlake_request_spans', spans)
  for (const [reason, refused] of reasons) {
    meter.count('spanlake_spans_refused_total', refused, { reason })
  }
}

function refuse(error: unknown, type: MediaType, { log }: Runtime): DoorAnswer {
  const { status, code, message, headers } = refusalOf(error)
  const level = status === 500 ? 'error' : status === 503 ? 'warn' : 'debug'
  const cause = error instanceof Error ? error.cause : undefined
  log[level]('request refused', {
    status,
    message,
    ...(status === 500 ? { error: error instanceof Error ? error.stack : String(error) } : {}),
    ...(cause === undefined ? {} : { cause: String(cause) }),
  })
  const violations =
    code === codeInvalidArgument && status === 400 ? [{ field: 'body', description: message }] : []
  const body = statusResponse(code, message, type, violations)
  return { status, headers: { 'content-type': mediaTypes[type], ...headers }, body }
}
