import { stat } from 'node:fs/promises'
import { setTimeout as sleepMs } from 'node:timers/promises'
import { SpanlakeError } from '../../src/errors.ts'
import { mediaTypes } from '../../src/otlp/response.ts'
import { type Progress, startProgress } from './import/progress.ts'
import { readExportResponse, readStatusMessage } from './import/read-export-response.ts'
import { type ImportRequest, readRequests } from './import/read-requests.ts'

/** Takes one OTLP request; an answer like the door's. */
export interface ImportTarget {
  /** Throws kind `unavailable` when there was no answer. */
  send(body: Uint8Array, contentType: string): Promise<ImportAnswer>
}

export interface ImportAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

export interface ImportReport {
  readonly requests: number
  /** Spans sent, the refused ones included. */
  readonly spans: number
  /** Spans that the target refused of requests it took. */
  readonly refusedSpans: number
}

export interface ImportOptions {
  /** Default: on stderr. */
  readonly progress?: Progress
  readonly sleep?: (ms: number) => Promise<unknown>
}

interface Sender {
  readonly target: ImportTarget
  readonly sleep: (ms: number) => Promise<unknown>
  hasAnswered: boolean
}

const requestsAtOnce = 8
/** Bodies on their way at once, in bytes; one larger than that travels alone. */
const bytesAtOnce = 32 * 1024 * 1024
const attemptsMax = 12
const firstPauseMs = 500
const longestPauseMs = 30_000

/**
 * Sends all that the files hold to the target, several requests at a time, in bounded memory. A target in trouble is
 * asked again, as long as it says itself or else after growing pauses. Stops at the first thing that cannot be read or is
 * refused as a whole, with file and line: kinds `invalid`, `too-large`, `unavailable`.
 */
export async function importFiles(
  files: readonly string[],
  target: ImportTarget,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { sleep = sleepMs, progress = startProgress(await bytesOf(files)) } = options
  const report = { requests: 0, spans: 0, refusedSpans: 0 }
  const failures: unknown[] = []
  const underWay = new Map<Promise<void>, number>()
  const sender: Sender = { target, sleep, hasAnswered: false }
  const begin = (request: ImportRequest): void => {
    const work = sendOne(request, sender)
      .then(({ rejectedSpans, message }) => {
        report.requests++
        report.spans += request.spans
        report.refusedSpans += rejectedSpans
        progress.sent(request.spans, request.body.length)
        if (message !== '') progress.note(`${request.place}: ${message}`)
      })
      .catch((error) => failures.push(error))
      .then(() => void underWay.delete(work))
    underWay.set(work, request.body.length)
  }
  try {
    for (const file of files) {
      for await (const request of readRequests(file, progress.read)) {
        while (isFull(underWay, request.body.length)) await Promise.race(underWay.keys())
        if (failures.length > 0) throw failures[0]
        begin(request)
      }
    }
  } finally {
    await Promise.all(underWay.keys())
    progress.end(report)
  }
  if (failures.length > 0) throw failures[0]
  if (report.spans > 0) return report
  throw new SpanlakeError(
    'invalid',
    `files must hold otlp spans, found none in ${files.join(', ')}`,
  )
}

function isFull(underWay: ReadonlyMap<unknown, number>, bytesNext: number): boolean {
  if (underWay.size === 0) return false
  const bytes = underWay.values().reduce((sum, each) => sum + each, bytesNext)
  return underWay.size >= requestsAtOnce || bytes > bytesAtOnce
}

/** Until it is taken or refused; returns what the answer to a taken one says. */
async function sendOne(
  { body, place }: ImportRequest,
  sender: Sender,
): Promise<{ rejectedSpans: number; message: string }> {
  for (let attempt = 1; ; attempt++) {
    const answer = await answerOf(sender, body, attempt)
    if (answer?.status === 200) return readExportResponse(answer.body)
    if (answer && !isBusy(answer.status)) throw refused(place, answer)
    if (attempt >= attemptsMax) {
      const last = answer ? `: ${readStatusMessage(answer.body)}` : ''
      throw new SpanlakeError('unavailable', `${place} was not taken in ${attempt} attempts${last}`)
    }
    await sender.sleep(pauseMs(answer?.headers['retry-after'], attempt))
  }
}

/** Undefined when none came from a target that has answered before; one that never did is a wrong address. */
async function answerOf(
  sender: Sender,
  body: Uint8Array,
  attempt: number,
): Promise<ImportAnswer | undefined> {
  try {
    const answer = await sender.target.send(body, mediaTypes.protobuf)
    sender.hasAnswered = true
    return answer
  } catch (error) {
    const isLost = error instanceof SpanlakeError && error.kind === 'unavailable'
    if (!isLost || !sender.hasAnswered || attempt >= attemptsMax) throw error
    return undefined
  }
}

/** The answers that OTLP calls retryable (OTLP/HTTP, Retryable Response Codes). */
const isBusy = (status: number): boolean => [429, 502, 503, 504].includes(status)

function pauseMs(retryAfter: string | undefined, attempt: number): number {
  const seconds = Number(retryAfter ?? Number.NaN)
  const askedMs = Number.isNaN(seconds)
    ? Date.parse(retryAfter ?? '') - Date.now()
    : seconds * 1_000
  if (askedMs >= 0) return Math.min(askedMs, 10 * longestPauseMs)
  return Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs)
}

function refused(place: string, { status, body }: ImportAnswer): SpanlakeError {
  const kind = status === 413 ? 'too-large' : 'invalid'
  return new SpanlakeError(kind, `${place} was refused with ${status}: ${readStatusMessage(body)}`)
}

/** Bytes to read, as far as that is known before; also refuses a file that is missing before anything is sent. */
async function bytesOf(files: readonly string[]): Promise<number | undefined> {
  const sizes = await Promise.all(
    files
      .filter((file) => file !== '-')
      .map(async (file) => {
        const found = await stat(file).catch((cause) => {
          throw new SpanlakeError('invalid', `file must be readable, got ${file}`, { cause })
        })
        if (found.isDirectory()) {
          throw new SpanlakeError('invalid', `file must be no directory, got ${file}`)
        }
        return found.size
      }),
  )
  return files.includes('-') ? undefined : sizes.reduce((sum, size) => sum + size, 0)
}
