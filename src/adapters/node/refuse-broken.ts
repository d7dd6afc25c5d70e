import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { headerBytesMax, lingerMsMax } from '../../limits.ts'
import { codeOf } from './file-errors.ts'

/**
 * Answers what node's parser gives up on, a query that is too long first of all: by itself, node sends a status and not a
 * word. Nothing is put into an answer that is under way.
 */
export function refuseBroken(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>()
  const keep = ({ socket }: IncomingMessage, response: ServerResponse) => {
    answers.set(socket, response)
  }
  server.on('request', keep)
  server.on('checkContinue', keep)
  server.on('clientError', (error, socket) => {
    const answer = answers.get(socket)
    const isUnderWay = answer !== undefined && !answer.writableFinished
    if (isUnderWay || !socket.writable) {
      if (socket.writable && !answer?.headersSent) socket.write(refusalOf(codeOf(error)))
      // Whoever reads the request's body learns from it that no more comes.
      socket.destroy()
      return
    }
    // To close now would reset the connection under the answer, so what still comes is read and dropped for a while.
    socket.end(refusalOf(codeOf(error)))
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), lingerMsMax)
    socket.once('close', () => clearTimeout(timer))
  })
}

function refusalOf(code: string | undefined): string {
  const [status, text] = refusals[code ?? ''] ?? [
    '400 Bad Request',
    'request must be HTTP/1.1 or HTTP/2',
  ]
  return (
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
    `content-length: ${text.length + 1}\r\nconnection: close\r\n\r\n${text}\n`
  )
}

const refusals: Readonly<Record<string, readonly [status: string, text: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    `path, query and headers of a request must be at most ${headerBytesMax} bytes together`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'chunk extensions are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request took too long to come'],
}
