/** Frames of HTTP/2 (RFC 9113 §4), to send what no client would. */
export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
}
export const endStream = 1
export const endHeaders = 4

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const settings = frame(frameTypes.settings, 0, 0)
export const settingsAck = frame(frameTypes.settings, 1, 0)

/** RFC 7541: `POST http://x/v1/traces` of protobuf, without dynamic table and Huffman codes. */
export const postTraces = Buffer.concat([
  Buffer.from([0x83, 0x86]),
  Buffer.from([0x04, 10]),
  Buffer.from('/v1/traces'),
  Buffer.from([0x01, 1]),
  Buffer.from('x'),
  Buffer.from([0x0f, 0x10, 22]),
  Buffer.from('application/x-protobuf'),
])

export interface ReadFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** The whole frames in what a server has sent. */
export function framesIn(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = []
  let at = 0
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}
