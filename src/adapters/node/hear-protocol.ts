import type { Socket } from 'node:net'

/** RFC 9113 §3.4: a client that knows that we speak HTTP/2 begins with these bytes. HTTP/1.1 forbids the method. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export type Protocol = 'http1' | 'http2'

export interface ProtocolListener {
  /** Takes the socket over; all that has come is still to be read from it, once it is resumed. */
  heard(protocol: Protocol): void
  /** Nothing has come that tells, and nothing will: `msMax` have passed, or the sender has ended. */
  silent(reason: 'late' | 'ended'): void
}

/**
 * Listens to a new connection until its first bytes tell what it speaks: the whole preface is HTTP/2, the first byte that
 * is none of it is HTTP/1. Calls one of the two, once, or none when the connection breaks first.
 */
export function hearProtocol(socket: Socket, msMax: number, listener: ProtocolListener): void {
  let held: Buffer | undefined
  const onData = (chunk: Buffer): void => {
    held = held ? Buffer.concat([held, chunk]) : chunk
    const bytes = Math.min(held.length, preface.length)
    const isPreface = preface.compare(held, 0, bytes, 0, bytes) === 0
    if (isPreface && bytes < preface.length) return
    leave()
    socket.pause()
    socket.unshift(held)
    listener.heard(isPreface ? 'http2' : 'http1')
  }
  const onEnd = (): void => {
    leave()
    listener.silent('ended')
  }
  const timer = setTimeout(() => {
    leave()
    listener.silent('late')
  }, msMax)
  const leave = (): void => {
    clearTimeout(timer)
    socket.off('data', onData).off('end', onEnd).off('error', leave).off('close', leave)
  }
  socket.on('data', onData).on('end', onEnd).on('error', leave).on('close', leave)
}
