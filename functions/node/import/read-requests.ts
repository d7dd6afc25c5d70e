import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { messageOf, SpanlakeError } from '../../../src/errors.ts'
import { defaultLimits } from '../../../src/limits.ts'
import { checkRequest } from '../../../src/otlp/check.ts'
import { jsonToProtobuf } from '../../../src/otlp/json.ts'
import { peekBytes } from './peek-bytes.ts'
import { splitLines } from './split-lines.ts'
import { splitResourceSpans } from './split-resource-spans.ts'

export interface ImportRequest {
  /** OTLP protobuf. */
  readonly body: Uint8Array
  readonly spans: number
  /** File and lines, for messages. */
  readonly place: string
}

/** One line, or one ResourceSpans: as protobuf that is a request by itself. */
interface Piece {
  readonly body: Uint8Array
  readonly spans: number
  readonly line: number
}

/** Small pieces travel together up to this. */
const bodyBytesMin = 1024 * 1024
const pieceBytesMax = defaultLimits.requestDecompressedBytesMax

/**
 * The requests of one file, `-` being stdin: OTLP/JSON, one request a line, or one request of protobuf of any size; plain
 * or gzip. What it is shows in its first bytes. The same file makes the same requests every time, so that an import that
 * is run again repeats whole requests. Throws with file and line.
 */
export async function* readRequests(
  file: string,
  onRead: (bytes: number) => void,
): AsyncGenerator<ImportRequest> {
  const name = file === '-' ? 'stdin' : file
  const source: Readable = file === '-' ? process.stdin : createReadStream(file)
  try {
    const { first, rest } = await peekBytes(counted(source, onRead))
    const isGzip = first[0] === 0x1f && first[1] === 0x8b
    yield* gathered(piecesOf(isGzip ? inflated(rest) : rest, name), name)
  } catch (error) {
    throw withPlace(error, name)
  } finally {
    source.destroy()
  }
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    onRead(chunk.length)
    yield chunk
  }
}

async function* piecesOf(content: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Piece> {
  const { first, rest } = await peekBytes(content)
  if (first[0] === 0x7b /* { */) yield* jsonPieces(rest, name)
  else yield* protobufPieces(rest)
}

async function* jsonPieces(
  content: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Piece> {
  for await (const { text, line } of splitLines(content, pieceBytesMax)) {
    try {
      const body = jsonToProtobuf(text)
      yield { body, spans: checkRequest(body).spans, line }
    } catch (error) {
      throw withPlace(error, `${name}:${line}`)
    }
  }
}

async function* protobufPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const body of splitResourceSpans(content, pieceBytesMax)) {
    yield { body, spans: checkRequest(body).spans, line: 0 }
  }
}

/** Joins pieces into requests: protobuf requests one behind the other are one request. */
async function* gathered(
  pieces: AsyncIterable<Piece>,
  name: string,
): AsyncGenerator<ImportRequest> {
  let together: Piece[] = []
  let bytes = 0
  for await (const piece of pieces) {
    if (bytes + piece.body.length > pieceBytesMax) {
      yield requestOf(together, name)
      together = []
      bytes = 0
    }
    together.push(piece)
    bytes += piece.body.length
    if (bytes < bodyBytesMin) continue
    yield requestOf(together, name)
    together = []
    bytes = 0
  }
  if (bytes > 0) yield requestOf(together, name)
}

function requestOf(pieces: readonly Piece[], name: string): ImportRequest {
  const [first, last] = [pieces[0]?.line ?? 0, pieces.at(-1)?.line ?? 0]
  const lines = first === last ? `:${first}` : `:${first}-${last}`
  return {
    body: new Uint8Array(Buffer.concat(pieces.map(({ body }) => body))),
    spans: pieces.reduce((sum, { spans }) => sum + spans, 0),
    place: first === 0 ? name : name + lines,
  }
}

/** Inflates as it is read; members that follow each other count as one stream, as gzip has it. */
function inflated(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip()
  // The error comes out of the iteration as well, which is where it is met.
  pipeline(content, gunzip, () => {})
  return gunzip
}

class PlacedError extends SpanlakeError {}

/** Puts the file, and the line where there is one, in front of a message, once. */
function withPlace(error: unknown, place: string): Error {
  if (error instanceof PlacedError) return error
  const kind = error instanceof SpanlakeError ? error.kind : 'invalid'
  return new PlacedError(kind, `${place}: ${messageOf(error)}`, { cause: error })
}
