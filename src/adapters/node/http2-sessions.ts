import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import {
  headerBytesMax,
  http2ConnectionWindowBytes,
  http2StreamsMax,
  http2StreamWindowBytes,
} from '../../limits.ts'

export interface Http2Options {
  /** Requests under way over all connections; one more is refused, to be sent again. */
  readonly requestsMax: number
  /** How long a connection may lie without a request. */
  readonly keepAliveMs: number
  /** How long a client may take to answer our settings. */
  readonly settingsMsMax: number
  /** How long a request may take to come, first byte to last, and how long an answer may lie without being taken. */
  readonly requestMsMax: number
  /** `waits` when the sender has not begun with the body and wants to hear that it may. */
  readonly answer: (
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    waits: boolean,
  ) => void
}

export interface Http2Sessions {
  /** Speaks HTTP/2 on a socket of which nothing has been read, the preface neither. */
  take(socket: Socket): void
  /** Takes no more requests (GOAWAY); each connection closes once its last answer has gone. */
  close(): void
  /** Cuts off what is left. */
  destroy(): void
}

/**
 * HTTP/2 without TLS. What HTTP/1.1 has one of on a connection there are many of here, so streams are bounded on each
 * connection and over all of them. Floods of resets, settings, pings and broken frames are counted by node and its
 * nghttp2, which close the connection.
 */
export function http2Sessions(options: Http2Options): Http2Sessions {
  const sessions = new Set<Http2Session>()
  let requests = 0
  const server = createServer({
    settings: {
      enablePush: false,
      maxConcurrentStreams: http2StreamsMax,
      maxHeaderListSize: headerBytesMax,
      initialWindowSize: http2StreamWindowBytes,
    },
    maxSessionInvalidFrames: http2StreamsMax,
    streamResetBurst: 2 * http2StreamsMax,
    streamResetRate: http2StreamsMax,
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.setLocalWindowSize(http2ConnectionWindowBytes)
    cutOffSilent(session, options.settingsMsMax)
    closeWhenIdle(session, options.keepAliveMs)
  })
  const take = (
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    waits: boolean,
  ): void => {
    const { stream } = request
    if (requests >= options.requestsMax) {
      // This code says that nothing was done: the sender may try again.
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    }
    requests++
    stream.once('close', () => requests--)
    cutOffSlow(stream, options.requestMsMax)
    options.answer(request, response, waits)
  }
  server.on('request', (request, response) => take(request, response, false))
  server.on('checkContinue', (request, response) => take(request, response, true))
  return {
    take(socket) {
      // A client that has gone shows by its end alone. Sockets of an HTTP/1 server outlive that.
      socket.allowHalfOpen = false
      server.emit('connection', socket)
    },
    close() {
      for (const session of sessions) session.close()
    },
    destroy() {
      for (const session of sessions) session.destroy()
    },
  }
}

/** A client that has sent the preface and no more, or that never agrees to our bounds. */
function cutOffSilent(session: ServerHttp2Session, msMax: number): void {
  const timer = setTimeout(() => session.destroy(), msMax)
  session.once('localSettings', () => clearTimeout(timer))
  session.once('close', () => clearTimeout(timer))
}

function closeWhenIdle(session: ServerHttp2Session, msMax: number): void {
  let open = 0
  session.on('stream', (stream) => {
    open++
    stream.once('close', () => {
      open--
      session.setTimeout(msMax)
    })
  })
  session.on('timeout', () => {
    if (open === 0) session.close()
  })
  session.setTimeout(msMax)
}

/** `msMax` for the request to come whole, and for what there is of an answer to be taken. Its making may take longer. */
function cutOffSlow(stream: ServerHttp2Stream, msMax: number): void {
  const cut = () => stream.close(constants.NGHTTP2_CANCEL)
  const timer = setTimeout(() => {
    if (stream.state.remoteClose !== 1) cut()
  }, msMax)
  stream.once('close', () => clearTimeout(timer))
  stream.on('timeout', () => {
    if (stream.writableLength > 0) cut()
  })
  stream.setTimeout(msMax)
}
