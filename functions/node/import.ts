import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, gzipSync } from 'node:zlib'
import { SpanlakeError } from '../../src/errors.ts'
import { defaultLimits } from '../../src/limits.ts'
import { startProgress } from './progress.ts'
import { splitLines } from './split-lines.ts'

/** Takes one OTLP request; an answer like the door's. */
export interface ImportTarget {
  send(
    body: Uint8Array,
    contentType: string,
  ): Promise<{
    readonly status: number
    readonly body: Uint8Array
    readonly headers: Readonly<Record<string, string>>
  }>
}

export interface ImportReport {
  readonly requests: number
  /** Requests that the target would not take, and spans that it refused of those it took. */
  readonly refusedRequests: number
  readonly refusedSpans: number
}

const json = 'application/json'
const protobuf = 'application/x-protobuf'
const requestsAtOnce = 8
const attemptsMax = 20

/**
 * Sends every request in the files to the target, a few at a time: `.jsonl` and `.json` hold one OTLP/JSON request a
 * line, anything else is one protobuf request; `.gz` is inflated, `-` is stdin. Memory holds no more than the requests
 * under way.
 */
export async function importFiles(
  files: readonly string[],
  target: ImportTarget,
): Promise<ImportReport> {
  const progress = startProgress(await bytesOf(files))
  const underWay = new Set<Promise<void>>()
  const report = { requests: 0, refusedRequests: 0, refusedSpans: 0 }
  try {
    for (const file of files) {
      for await (const { body, type, place } of requestsIn(file, progress.read)) {
        const work = sendOne(body, type, place, target, report).then(() =>
          progress.sent(body.length),
        )
        const tracked = work.finally(() => underWay.delete(tracked))
        tracked.catch(() => {}) // met again below
        underWay.add(tracked)
        if (underWay.size >= requestsAtOnce) await Promise.race(underWay)
      }
    }
    await Promise.all(underWay)
  } finally {
    await Promise.allSettled(underWay)
    progress.end(report)
  }
  return report
}

/** A running server as target. */
export function serverTarget(options: {
  readonly url: string
  readonly token: string | undefined
  readonly tenant: string | undefined
}): ImportTarget {
  const headers: Record<string, string> = { 'content-encoding': 'gzip' }
  if (options.token) headers.authorization = `Bearer ${options.token}`
  if (options.tenant) headers['x-scope-orgid'] = options.tenant
  return {
    async send(body, contentType) {
      const response = await fetch(`${options.url}/v1/traces`, {
        method: 'POST',
        headers: { ...headers, 'content-type': contentType },
        body: gzipSync(body, { level: 1 }),
      }).catch((cause) => {
        throw new SpanlakeError('unavailable', `no server answers at ${options.url}`, { cause })
      })
      const answer = new Uint8Array(await response.arrayBuffer())
      const retryAfter = response.headers.get('retry-after')
      const sentHeaders = retryAfter === null ? {} : { 'retry-after': retryAfter }
      return { status: response.status, body: answer, headers: sentHeaders }
    },
  }
}

interface FileRequest {
  readonly body: Uint8Array
  readonly type: string
  /** File and line, for messages. */
  readonly place: string
}

async function* requestsIn(
  file: string,
  onRead: (bytes: number) => void,
): AsyncGenerator<FileRequest> {
  const name = file.replace(/\.gz$/, '')
  const source: Readable = file === '-' ? process.stdin : createReadStream(file)
  source.on('data', (chunk: Uint8Array) => onRead(chunk.length))
  const content = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  source.on('error', (error) => content.destroy(error))
  const bytesMax = defaultLimits.requestDecompressedBytesMax
  try {
    if (file === '-' || /\.jsonl?$/.test(name)) {
      let line = 0
      for await (const body of splitLines(content, bytesMax)) {
        line++
        if (body.length > 0) yield { body, type: json, place: `${file}:${line}` }
      }
    } else yield { body: await readWhole(content, bytesMax, file), type: protobuf, place: file }
  } catch (cause) {
    if (cause instanceof SpanlakeError) throw cause
    throw new SpanlakeError('invalid', `cannot read ${file}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

async function readWhole(content: Readable, bytesMax: number, file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of content as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax) {
      throw new SpanlakeError('too-large', `request must be at most ${bytesMax} bytes, ${file}`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function sendOne(
  body: Uint8Array,
  type: string,
  place: string,
  target: ImportTarget,
  report: { requests: number; refusedRequests: number; refusedSpans: number },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const answer = await target.send(body, type)
    if (answer.status === 200) {
      report.requests++
      report.refusedSpans += refusedSpansIn(answer.body, type)
      return
    }
    const isBusy = answer.status === 429 || answer.status >= 502
    if (!isBusy || attempt >= attemptsMax) {
      report.refusedRequests++
      process.stderr.write(`${place}: refused with ${answer.status}: ${textOf(answer.body)}\n`)
      return
    }
    const seconds = Number(answer.headers['retry-after'] ?? 1)
    await sleep((Number.isFinite(seconds) ? seconds : 1) * 1_000)
  }
}

/** `rejectedSpans` of a partial success: field 1 of field 1 in protobuf. */
function refusedSpansIn(body: Uint8Array, type: string): number {
  if (body.length === 0) return 0
  if (type === json) {
    const { partialSuccess } = JSON.parse(textOf(body)) as {
      partialSuccess?: { rejectedSpans?: string }
    }
    return Number(partialSuccess?.rejectedSpans ?? 0)
  }
  if (body[0] !== 0x0a || body[2] !== 0x08) return 0
  let count = 0
  for (let at = 3, scale = 1; at < body.length; at++, scale *= 128) {
    count += (body[at]! & 0x7f) * scale
    if (body[at]! < 0x80) break
  }
  return count
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}

/** Bytes to read, as far as that is known before. */
async function bytesOf(files: readonly string[]): Promise<number | undefined> {
  if (files.includes('-')) return undefined
  const sizes = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch((cause) => {
        throw new SpanlakeError('invalid', `file must be readable, got ${file}`, { cause })
      })
      return found.size
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
