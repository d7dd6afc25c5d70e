import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { type Progress, progressText } from '../../functions/node/import/progress.ts'
import { serverTarget } from '../../functions/node/import/server-target.ts'
import { splitLines } from '../../functions/node/import/split-lines.ts'
import { splitResourceSpans } from '../../functions/node/import/split-resource-spans.ts'
import { type ImportOptions, importFiles } from '../../functions/node/import.ts'
import { checkRequest } from '../../src/otlp/check.ts'
import { exportResponse, mediaTypes, statusResponse } from '../../src/otlp/response.ts'
import { testRequest, testSpan } from '../helpers/otlp-json.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
}

/** An OTLP server that answers as told and keeps what it took. */
async function startServer(answer: (request: number) => Answer = () => ({ status: 200 })) {
  const taken: Uint8Array[] = []
  const headers: NodeJS.Dict<string | string[]>[] = []
  let requests = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    headers.push(request.headers)
    const { status, headers: own = {}, body } = answer(++requests)
    if (status === 200) taken.push(gunzipSync(Buffer.concat(chunks)))
    response.writeHead(status, { 'content-type': mediaTypes.protobuf, ...own }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const target = (token?: string, tenant?: string) => serverTarget({ url, token, tenant })
  return { taken, headers, target, count: () => requests }
}

function quiet(): ImportOptions & { notes: string[]; sleeps: number[]; readBytes: () => number } {
  const notes: string[] = []
  const sleeps: number[] = []
  let bytes = 0
  const progress: Progress = {
    read: (more) => {
      bytes += more
    },
    sent: () => {},
    note: (text) => notes.push(text),
    end: () => {},
  }
  const sleep = async (ms: number) => sleeps.push(ms)
  return { progress, sleep, notes, sleeps, readBytes: () => bytes }
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

const lines = (count: number) => Array.from({ length: count }, () => testRequest([testSpan()]))
const spansIn = (bodies: readonly Uint8Array[]) =>
  bodies.reduce((sum, body) => sum + checkRequest(body).spans, 0)

describe('what files may hold', () => {
  test.each([
    ['lines', (text: string) => text],
    ['lines with CR LF and empty ones', (text: string) => text.replaceAll('\n', '\r\n\n')],
    ['gzip', (text: string) => gzipSync(text)],
    [
      'gzip of several members',
      (text: string) => {
        const cut = text.indexOf('\n') + 10
        return Buffer.concat([gzipSync(text.slice(0, cut)), gzipSync(text.slice(cut))])
      },
    ],
  ])('json as %s', async (_, make) => {
    const server = await startServer()
    const file = await fileOf('spans', make(lines(30).join('\n')))
    const options = quiet()
    expect(await importFiles([file], server.target(), options)).toEqual({
      requests: 1,
      spans: 30,
      refusedSpans: 0,
    })
    expect(spansIn(server.taken)).toBe(30)
    expect(options.readBytes()).toBeGreaterThan(500)
  })

  test('a protobuf request of many megabytes, plain and gzip, goes out in pieces', async () => {
    const bodies = generateRequests({ seed: 1, spans: 12_000, spansPerRequest: 512 })
    const whole = Buffer.concat(bodies)
    for (const content of [whole, gzipSync(whole)]) {
      const server = await startServer()
      const report = await importFiles([await fileOf('x.pb', content)], server.target(), quiet())
      expect(report.spans).toBe(12_000)
      expect(spansIn(server.taken)).toBe(12_000)
      expect(report.requests).toBeGreaterThan(3)
      expect(Math.max(...server.taken.map((body) => body.length))).toBeLessThan(1_400_000)
    }
  })

  test('run again, an import repeats the same bodies', async () => {
    const file = await fileOf('x.jsonl', lines(4_000).join('\n'))
    const hashes = async () => {
      const server = await startServer()
      await importFiles([file], server.target(), quiet())
      return server.taken.map((body) => createHash('sha256').update(body).digest('hex')).sort()
    }
    const [first, again] = [await hashes(), await hashes()]
    expect(first.length).toBeGreaterThan(0)
    expect(again).toEqual(first)
  })
})

describe('what stops an import', () => {
  test.each([
    ['a broken line', () => [...lines(2), '{"resourceSpans": [{]}'].join('\n'), /broken:3: /],
    ['a wrong field', () => '{"resourceSpans": 7}', /broken:1: .*resourceSpans/],
    ['neither json nor protobuf', () => 'spans!', /must be otlp json lines or an otlp protobuf/],
    ['a cut gzip', () => gzipSync(lines(200).join('\n')).subarray(0, -40), /broken: /],
    [
      'a cut protobuf',
      () => generateRequests({ seed: 1, spans: 99, spansPerRequest: 100 })[0]!.subarray(0, -1),
      /cut short/,
    ],
    ['metrics', () => '{"resourceMetrics": []}', /must hold otlp spans, found none/],
    ['nothing at all', () => '', /must hold otlp spans, found none/],
  ])('%s', async (_, make, message) => {
    const server = await startServer()
    const file = await fileOf('broken', make())
    await expect(importFiles([file], server.target(), quiet())).rejects.toThrow(message)
  })

  test('a refusal, named with file and line, and nothing is asked twice', async () => {
    const body = statusResponse(7, 'token must have the role write', 'protobuf')
    const server = await startServer(() => ({ status: 403, body }))
    const file = await fileOf('x.jsonl', lines(3).join('\n'))
    await expect(importFiles([file], server.target(), quiet())).rejects.toThrow(
      /x\.jsonl:1-3 was refused with 403: token must have the role write/,
    )
    expect(server.count()).toBe(1)
  })

  test('a missing file, before anything is sent', async () => {
    const server = await startServer()
    const files = [await fileOf('x.jsonl', lines(1).join('\n')), '/nowhere/y.jsonl']
    const { progress: _, ...withoutProgress } = quiet()
    await expect(importFiles(files, server.target(), withoutProgress)).rejects.toThrow(
      /file must be readable, got \/nowhere/,
    )
    expect(server.count()).toBe(0)
  })

  test('a server that is not there, at once', async () => {
    const file = await fileOf('x.jsonl', lines(1).join('\n'))
    const options = quiet()
    const nobody = serverTarget({ url: 'http://127.0.0.1:1', token: undefined, tenant: undefined })
    await expect(importFiles([file], nobody, options)).rejects.toThrow(/no server answers/)
    expect(options.sleeps).toEqual([])
  })
})

describe('a server in trouble', () => {
  test.each([429, 503, 502])('that says %i is asked again when it says', async (status) => {
    const server = await startServer((request) =>
      request <= 2 ? { status, headers: { 'retry-after': '7' } } : { status: 200 },
    )
    const options = quiet()
    const file = await fileOf('x.jsonl', lines(5).join('\n'))
    const report = await importFiles([file], server.target(), options)
    expect(report).toEqual({ requests: 1, spans: 5, refusedSpans: 0 })
    expect(options.sleeps).toEqual([7_000, 7_000])
  })

  test('without a word is asked again after growing pauses, and not for ever', async () => {
    const server = await startServer(() => ({ status: 503 }))
    const options = quiet()
    const file = await fileOf('x.jsonl', lines(1).join('\n'))
    await expect(importFiles([file], server.target(), options)).rejects.toThrow(
      /x\.jsonl:1 was not taken in 12 attempts/,
    )
    expect(options.sleeps.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000])
    expect(Math.max(...options.sleeps)).toBe(30_000)
  })
})

test('spans that the server rejects are counted and its words are shown', async () => {
  const body = exportResponse(300, 'trace id must be 16 bytes (300)', 'protobuf')
  const server = await startServer(() => ({ status: 200, body }))
  const options = quiet()
  const file = await fileOf('x.jsonl', lines(2).join('\n'))
  const report = await importFiles([file], server.target('secret', 'acme'), options)
  expect(report.refusedSpans).toBe(300)
  expect(options.notes).toEqual([expect.stringContaining('trace id must be 16 bytes (300)')])
  expect(server.headers[0]).toMatchObject({
    authorization: 'Bearer secret',
    'x-scope-orgid': 'acme',
    'content-encoding': 'gzip',
  })
})

describe('bounds while reading', () => {
  const encoder = new TextEncoder()
  async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += size) yield encoder.encode(text.slice(at, at + size))
  }

  test.each([1, 3, 100])('a line of just the bound passes, in chunks of %i', async (size) => {
    const found = await Array.fromAsync(splitLines(chunksOf('12345\n\nab\r\n', size), 5))
    const texts = found.map(({ text, line }) => `${line} ${new TextDecoder().decode(text)}`)
    expect(texts).toEqual(['1 12345', '3 ab'])
  })

  test('one byte more is refused before its end has come', async () => {
    await expect(Array.fromAsync(splitLines(chunksOf('ab\n123456', 2), 5))).rejects.toThrow(
      'line 2 must be at most 5 bytes',
    )
  })

  test.each([1, 7, 1_000_000])(
    'protobuf is cut between resource spans, chunks of %i',
    async (size) => {
      const [body] = generateRequests({ seed: 5, spans: 120, spansPerRequest: 512 })
      const text = Buffer.from(body!).toString('latin1')
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < text.length; at += size) {
          yield Buffer.from(text.slice(at, at + size), 'latin1')
        }
      }
      const pieces = await Array.fromAsync(splitResourceSpans(chunks(), 1_000_000))
      expect(pieces.length).toBeGreaterThan(5)
      expect(spansIn(pieces)).toBe(120)
      const largest = Math.max(...pieces.map((piece) => piece.length))
      expect(await Array.fromAsync(splitResourceSpans(chunks(), largest))).toEqual(pieces)
      await expect(Array.fromAsync(splitResourceSpans(chunks(), largest - 1))).rejects.toThrow(
        `resource spans must be at most ${largest - 1} bytes`,
      )
    },
  )
})

test('progress tells rate, share and time left', () => {
  const done = { spans: 67_011, bytes: 11e6, read: 25, totalBytes: 100, seconds: 2 }
  expect(progressText(done)).toBe('67,011 spans, 11 MB, 33,506 spans/s, 25 %, 0:06 left')
  expect(progressText({ ...done, totalBytes: undefined })).toBe(
    '67,011 spans, 11 MB, 33,506 spans/s',
  )
})
