import { envelopeId } from '../envelope/envelope-id.ts'
import { sealEnvelope } from '../envelope/seal-envelope.ts'
import { SpanlakeError } from '../errors.ts'
import { hourOf, spillKey } from '../layout/keys.ts'
import { envelopeOverheadBytes } from '../limits.ts'
import { type CheckResult, checkRequest } from '../otlp/check.ts'
import { jsonToProtobuf } from '../otlp/json.ts'
import { exportResponse, mediaTypes, statusResponse } from '../otlp/response.ts'
import type { Runtime } from '../runtime.ts'
import { hexOf } from '../span/trace-id.ts'
import type { Access } from './access.ts'
import { type BodyFormat, bodyFormatOf } from './body-format.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import type { EnvelopeSender } from './gather-envelopes.ts'
import type { RateLimit } from './rate-limit.ts'
import { readBody } from './read-body.ts'
import { codeInvalid, type Refusal, refusalOf } from './refusal.ts'
import { withDeadline } from './with-deadline.ts'

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

/** What stands between a request and its answer, gathered on the way. */
interface Accepted {
  readonly checked: CheckResult
  readonly tenant: string
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
  if (request.method === 'OPTIONS') return { status: 204, headers: preflightHeaders, body: noBytes }
  let format: BodyFormat = { type: 'protobuf', gzipped: false }
  try {
    if (request.method !== 'POST') {
      return refuse(format, {
        status: 405,
        code: codeInvalid,
        message: `method must be POST, got ${request.method.slice(0, 20)}`,
        headers: { allow: 'POST, OPTIONS' },
      })
    }
    format = bodyFormatOf(request.header('content-type'), request.header('content-encoding'))
    const { checked } = await accept(request, format, door)
    return { status: 200, headers: typed(format), body: successBody(checked, format) }
  } catch (error) {
    const refusal = refusalOf(error)
    const level = refusal.status === 500 ? 'error' : 'debug'
    door.runtime.log[level]('request refused', {
      status: refusal.status,
      error: refusal.message,
      cause: String((error as Error).cause ?? ''),
    })
    return refuse(format, refusal)
  }
}

async function accept(request: DoorRequest, format: BodyFormat, door: Door): Promise<Accepted> {
  const { limits, meter, clock } = door.runtime
  const { tenant } = door.access.authorize(
    { authorization: request.header('authorization'), orgId: request.header('x-scope-orgid') },
    'write',
  )
  let held = 0
  const hold = (bytes: number): void => {
    held += bytes
    door.inFlight.bytes += bytes
    if (door.inFlight.bytes > limits.inFlightBytesMax) {
      throw new SpanlakeError('unavailable', 'server holds too many requests at once')
    }
  }
  try {
    const sent = await readBody(request.body, limits.requestBytesMax, hold)
    meter.count('spanlake_request_bytes_total', sent.length)
    const receivedMs = clock.nowMs()
    const content = protobufOf(sent, format, door.runtime)
    const checked = checkRequest(content)
    refuseIfAllInvalid(checked)
    slowDown(tenant, checked.spans, door)
    countSpans(checked, tenant, door)
    if (checked.spans > checked.invalidSpans) {
      await keep({ tenant, sent, format, content, receivedMs, spans: checked.spans }, door)
    }
    return { checked, tenant }
  } finally {
    door.inFlight.bytes -= held
  }
}

function protobufOf(sent: Uint8Array, { type, gzipped }: BodyFormat, runtime: Runtime): Uint8Array {
  const { codec, limits } = runtime
  const bytesMax = limits.requestDecompressedBytesMax
  const content = gzipped ? codec.gunzip(sent, bytesMax) : sent
  if (content.length > bytesMax) {
    throw new SpanlakeError('too-large', `request must be at most ${bytesMax} bytes decompressed`)
  }
  return type === 'json' ? jsonToProtobuf(content) : content
}

function refuseIfAllInvalid({ spans, invalidSpans, reasons }: CheckResult): void {
  if (spans === 0 || invalidSpans < spans) return
  throw new SpanlakeError('invalid', `every span is invalid: ${listed(reasons)}`)
}

function slowDown(tenant: string, spans: number, { access, rate }: Door): void {
  const spansPerSecond = access.spansPerSecond(tenant)
  if (spansPerSecond === undefined) return
  const waitSeconds = rate.take(tenant, spans, spansPerSecond)
  if (waitSeconds === 0) return
  throw new SpanlakeError(
    'throttled',
    `tenant must send at most ${spansPerSecond} spans a second, try again in ${waitSeconds} s`,
    { cause: { retryAfterSeconds: waitSeconds } },
  )
}

function countSpans(
  { spans, invalidSpans, reasons }: CheckResult,
  tenant: string,
  door: Door,
): void {
  const { meter } = door.runtime
  meter.count('spanlake_spans_accepted_total', spans - invalidSpans, { tenant })
  meter.observe('spanlake_request_spans', spans)
  for (const [reason, count] of reasons)
    meter.count('spanlake_spans_refused_total', count, { reason })
}

interface Kept {
  readonly tenant: string
  readonly sent: Uint8Array
  readonly format: BodyFormat
  readonly content: Uint8Array
  readonly receivedMs: number
  readonly spans: number
}

/** Makes a request durable: on the queue, or in the store with a pointer on the queue, the object first. */
async function keep(kept: Kept, { runtime, queue }: Door): Promise<void> {
  const { tenant, sent, format, content, receivedMs, spans } = kept
  const { codec, limits, store } = runtime
  const asCame = format.gzipped && format.type === 'protobuf'
  const bytes = asCame ? sent : codec.zstd(content)
  const id = envelopeId(tenant, content, codec)
  const head = {
    id,
    tenant,
    receivedMs,
    encoding: asCame ? ('gzip' as const) : ('zstd' as const),
    decompressedBytes: content.length,
    spans,
  }
  const send = async (): Promise<void> => {
    if (bytes.length + envelopeOverheadBytes <= queue.maxEnvelopeBytes) {
      return queue.send(sealEnvelope({ ...head, body: { kind: 'inline', bytes } }))
    }
    const key = spillKey({
      tenant,
      date: hourOf(receivedMs).date,
      id: hexOf(codec.sha256(bytes)).slice(0, 32),
    })
    // Named by its own bytes: an object that stands there already holds the same.
    await store.put(key, bytes, { kind: 'create' })
    return queue.send(sealEnvelope({ ...head, body: { kind: 'spill', key } }))
  }
  await withDeadline(send(), limits.queueSendMsMax, 'queue must take the request in time')
}

function successBody(
  { invalidSpans, reasons, warnings }: CheckResult,
  format: BodyFormat,
): Uint8Array {
  return exportResponse(invalidSpans, listed(new Map([...reasons, ...warnings])), format.type)
}

function listed(reasons: ReadonlyMap<string, number>): string {
  return [...reasons].map(([reason, count]) => `${reason} (${count} spans)`).join('; ')
}

function refuse(format: BodyFormat, refusal: Refusal): DoorAnswer {
  const { status, code, message, headers = {} } = refusal
  const violations = status === 400 ? [{ field: 'body', description: message }] : []
  const body = statusResponse(code, message, format.type, violations)
  return { status, headers: { ...typed(format), ...headers }, body }
}

function typed({ type }: BodyFormat): Record<string, string> {
  return { 'content-type': mediaTypes[type] }
}
