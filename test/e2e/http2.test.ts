import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { http2Sessions } from '../../src/adapters/node/http2-sessions.ts'
import { sendEach } from '../../src/ingest/gather-envelopes.ts'
import { appBodyBytesMax, headerBytesMax, http2StreamsMax } from '../../src/limits.ts'
import { exchange } from '../helpers/http-client.ts'
import { body, headers, type Serving, serving, wireTo } from '../helpers/http-serving.ts'
import { exchangeOn } from '../helpers/http2-client.ts'
import {
  endHeaders,
  endStream,
  frame,
  framesIn,
  frameTypes,
  postTraces,
  preface,
  settings,
  settingsAck,
} from '../helpers/http2-frames.ts'
import { decodeStatus, encodeRequest } from '../helpers/otlp-protobuf.ts'

type Settled = PromiseSettledResult<{ readonly status: number }>

/** A connection whose settings both sides have agreed on. */
async function connected(url: string, options: Parameters<typeof connect>[1] = {}) {
  const session = connect(url, options)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  return session
}

const closing = (session: ClientHttp2Session) =>
  new Promise<void>((resolve) => {
    if (session.destroyed) resolve()
    else session.once('close', () => resolve())
  })

/** Every send waits until `release` is called; `begun` counts those that have come so far. */
function heldQueue({ faults }: Serving, sends: number) {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = { begun: 0, release: () => release() }
  for (let i = 0; i < sends; i++) {
    faults.push(async (send) => {
      held.begun++
      await released
      await send()
    })
  }
  return held
}

const posts = (count: number) =>
  Array.from({ length: count }, (_, i) => [
    frame(frameTypes.headers, endHeaders, 2 * i + 1, postTraces),
    frame(frameTypes.data, endStream, 2 * i + 1, Buffer.from(body)),
  ]).flat()

const frameBytes = (text: string) => framesIn(Buffer.from(text, 'latin1'))

/** That a server still serves, by both protocols. */
async function expectServing({ url }: Serving): Promise<void> {
  expect(await exchange(url, { body, headers })).toMatchObject({ status: 200 })
  expect(await exchangeOn(await connected(url), { body, headers })).toMatchObject({ status: 200 })
}

describe('requests', () => {
  test('both protocols on one port, and no header in an answer that HTTP/2 forbids', async () => {
    const { url, takeQueued } = await serving({ limits: { requestBytesMax: 1_000 } })
    const session = await connected(url)
    const answers = [
      await exchangeOn(session, { body, headers }),
      await exchangeOn(session, { body: Buffer.alloc(300_000), headers }),
      await exchangeOn(session, { method: 'GET', path: '/api/x' }),
      await exchangeOn(session, { method: 'OPTIONS' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 413, 200, 204])
    for (const answer of answers) {
      for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']) {
        expect(answer.headers).not.toHaveProperty(name)
      }
    }
    expect(Buffer.from(answers[2]?.body ?? []).toString()).toBe('GET /api/x ')
    expect(await exchange(url, { body, headers })).toMatchObject({ status: 200 })
    expect((await takeQueued()).spans).toHaveLength(2)
  })

  test('go to the app with their bodies, which must say how large they are', async () => {
    const { url } = await serving()
    const session = await connected(url)
    const post = (sent: Buffer) => exchangeOn(session, { path: '/q', body: sent })
    const hello = await post(Buffer.from('hello'))
    expect(Buffer.from(hello.body).toString()).toBe('POST /q hello')
    expect(await post(Buffer.alloc(appBodyBytesMax))).toMatchObject({ status: 200 })
    expect(await post(Buffer.alloc(appBodyBytesMax + 1))).toMatchObject({ status: 413 })
    const unsaid = await exchangeOn(session, { path: '/q', chunks: [Buffer.alloc(3)] })
    expect(unsaid.status).toBe(413)
  })

  test('a large gzip body comes through whole', async () => {
    const { url, takeQueued } = await serving()
    const spans = Array.from({ length: 20_000 }, (_, i) => {
      const spanId = Buffer.alloc(8, 1)
      spanId.writeUInt32BE(i)
      return { traceId: Buffer.alloc(16, 1), spanId, name: `span ${i}` }
    })
    const large = gzipSync(encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))
    const gzipped = { ...headers, 'content-encoding': 'gzip' }
    const answer = await exchangeOn(await connected(url), { body: large, headers: gzipped })
    expect(answer.status).toBe(200)
    expect((await takeQueued()).spans).toHaveLength(20_000)
  })

  test('a query whose client goes away is told so, and others on the connection go on', async () => {
    const begun: string[] = []
    const aborted: string[] = []
    const app = {
      async fetch({ url, signal }: Request) {
        const { pathname } = new URL(url)
        if (pathname === '/quick') return new Response('ok')
        begun.push(pathname)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        aborted.push(pathname)
        return new Response('late')
      },
    }
    const { url } = await serving({ app })
    const session = await connected(url)
    const reset = session.request({ ':path': '/reset' })
    const other = await connected(url)
    other.request({ ':path': '/gone' }).on('error', () => {})
    await expect.poll(() => begun.length).toBe(2)
    reset.close(constants.NGHTTP2_CANCEL)
    await expect.poll(() => aborted).toEqual(['/reset'])
    other.destroy()
    await expect.poll(() => aborted).toEqual(['/reset', '/gone'])
    expect(await exchangeOn(session, { method: 'GET', path: '/quick' })).toMatchObject({
      status: 200,
    })
  })

  test('who asks first is told to go on, or refused before it has sent anything', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const session = await connected(url)
    const asking = (bytes: number) =>
      session.request({
        ...headers,
        ':method': 'POST',
        ':path': '/v1/traces',
        'content-length': bytes,
        expect: '100-continue',
      })
    const welcome = asking(body.length)
    await new Promise<void>((resolve) => welcome.once('continue', resolve))
    const answered = new Promise((resolve) => welcome.once('response', resolve))
    welcome.end(body)
    expect(await answered).toMatchObject({ ':status': 200 })
    const refused = asking(1_001)
    refused.on('continue', () => expect.unreachable())
    expect(await new Promise((resolve) => refused.once('response', resolve))).toMatchObject({
      ':status': 413,
    })
  })
})

describe('a connection that does not tell what it speaks', () => {
  const late = /^HTTP\/1.1 408 .*took too long to come\n$/s
  test.each([
    ['says nothing', ''],
    ['begins as both would', 'P'],
    ['stops in the midst of the preface', 'PRI * HTTP/2.0\r\n\r\nSM'],
  ])('is cut off when it %s', async (_, sent) => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const { socket, until, closed } = wireTo(url)
    socket.write(sent)
    expect(await until(late)).toMatch(late)
    await closed
  })

  test('is cut off when it says it byte by byte', async () => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const { socket, until, closed } = wireTo(url)
    let sent = 0
    const drops = setInterval(() => socket.write(preface.subarray(sent, ++sent)), 200)
    onTestFinished(() => clearInterval(drops))
    expect(await until(late)).toMatch(late)
    await closed
    expect(sent).toBeLessThan(preface.length)
  })

  test('is closed when it ends before', async () => {
    const { url } = await serving()
    const { socket, closed } = wireTo(url)
    socket.end('PR')
    await closed
  })

  test('is HTTP/1 as soon as it says no preface, and refused if it is none of both', async () => {
    const { url } = await serving()
    const patch = wireTo(url)
    patch.socket.write('P')
    await new Promise((resolve) => setTimeout(resolve, 20))
    patch.socket.write('ATCH /x HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await patch.until(/PATCH \/x/)).toMatch(/^HTTP\/1.1 200 /)
    const { socket, until, closed } = wireTo(url)
    socket.write('PRI * HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /)
    await closed
  })
})

describe('clients that misbehave', () => {
  test('a preface and silence is cut off', async () => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const { socket, closed } = wireTo(url)
    socket.write(preface)
    await closed
  })

  test('a client that never agrees to our settings is cut off', async () => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const { socket, closed } = wireTo(url)
    socket.write(Buffer.concat([preface, settings]))
    await closed
  })

  test('a preface, byte by byte, and noise behind it', async () => {
    const all = await serving()
    const { socket, until, closed } = wireTo(all.url)
    for (const byte of preface) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    socket.write(Buffer.alloc(10_000, 0xfe))
    await closed
    const frames = frameBytes(await until(/$/))
    expect(frames.map(({ type }) => type)).toContain(frameTypes.goaway)
    await expectServing(all)
  })

  test('a thousand requests at once are done a bounded number at a time, and all of them', async () => {
    const all = await serving({ sender: sendEach })
    const held = heldQueue(all, 1_000)
    const session = await connected(all.url)
    const answers = Array.from({ length: 1_000 }, () => exchangeOn(session, { body, headers }))
    await expect.poll(() => held.begun).toBeGreaterThanOrEqual(http2StreamsMax)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(held.begun).toBe(http2StreamsMax)
    held.release()
    const statuses = new Set((await Promise.all(answers)).map(({ status }) => status))
    expect([...statuses]).toEqual([200])
    expect((await all.takeQueued()).spans).toHaveLength(1_000)
    expect(all.door.inFlight.bytes).toBe(0)
  })

  test('streams over the bound are refused, so that they may be sent again', async () => {
    const all = await serving({ sender: sendEach })
    const held = heldQueue(all, 150)
    const { socket, until } = wireTo(all.url)
    // The bound is not agreed on yet, so to go over it is no breach of it.
    socket.write(Buffer.concat([preface, settings, ...posts(150)]))
    const resets = async () =>
      frameBytes(await until(/^/)).filter(({ type }) => type === frameTypes.reset)
    await expect.poll(async () => (await resets()).length).toBe(150 - http2StreamsMax)
    const codes = new Set((await resets()).map(({ payload }) => payload.readUInt32BE()))
    expect([...codes]).toEqual([constants.NGHTTP2_REFUSED_STREAM])
    expect(held.begun).toBe(http2StreamsMax)
    held.release()
    await expectServing(all)
  })

  test('requests over the bound of all connections together are refused in the same way', async () => {
    const all = await serving({ sender: sendEach, connectionsMax: 5 })
    const held = heldQueue(all, 5)
    const sessions = await Promise.all([connected(all.url), connected(all.url)])
    const send = (i: number) => exchangeOn(i % 2 ? sessions[0] : sessions[1], { body, headers })
    const answers = Array.from({ length: 5 }, (_, i) => send(i))
    await expect.poll(() => held.begun).toBe(5)
    await expect(send(0)).rejects.toThrow(/NGHTTP2_REFUSED_STREAM/)
    held.release()
    await Promise.all(answers)
    expect(await send(1)).toMatchObject({ status: 200 })
  })

  test('streams over a bound that was agreed on end the connection', async () => {
    const all = await serving({ sender: sendEach })
    const { socket, until, closed } = wireTo(all.url)
    socket.write(Buffer.concat([preface, settings, settingsAck, ...posts(150)]))
    await closed
    const frames = frameBytes(await until(/$/))
    expect(frames.map(({ type }) => type)).toContain(frameTypes.goaway)
    await expectServing(all)
  })

  test('requests that are reset as soon as they are sent end the connection', async () => {
    const all = await serving()
    const { socket, until, closed } = wireTo(all.url)
    const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL])
    const flood = Array.from({ length: 5_000 }, (_, i) => [
      frame(frameTypes.headers, endHeaders, 2 * i + 1, postTraces),
      frame(frameTypes.reset, 0, 2 * i + 1, cancel),
    ])
    socket.write(Buffer.concat([preface, settings, settingsAck, ...flood.flat()]))
    await closed
    const frames = frameBytes(await until(/$/))
    expect(frames.map(({ type }) => type)).toContain(frameTypes.goaway)
    expect(all.door.inFlight.bytes).toBe(0)
    await expectServing(all)
  })

  test.each([
    ['settings', settings],
    ['pings', frame(frameTypes.ping, 0, 0, Buffer.alloc(8))],
  ])('a flood of %s whose answers nobody reads ends the connection', async (_, sent) => {
    const all = await serving()
    const { socket, closed } = wireTo(all.url)
    socket.pause()
    socket.write(Buffer.concat([preface, settings, settingsAck]))
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => sent))
    const flood = setInterval(() => {
      if (socket.writableLength < 10_000_000) socket.write(many)
    }, 1)
    onTestFinished(() => clearInterval(flood))
    await closed
    await expectServing(all)
  })

  test('a header list over the bound is refused, and the connection goes on', async () => {
    const { url } = await serving()
    const session = await connected(url)
    const long = { ...headers, 'x-long': 'x'.repeat(headerBytesMax) }
    await expect(exchangeOn(session, { body, headers: long })).rejects.toThrow(
      /NGHTTP2_ENHANCE_YOUR_CALM/,
    )
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'x']))
    const sent = { ...headers, ...many }
    await expect(exchangeOn(session, { body, headers: sent })).rejects.toThrow(
      /NGHTTP2_ENHANCE_YOUR_CALM/,
    )
    expect(await exchangeOn(session, { body, headers })).toMatchObject({ status: 200 })
  })

  test('a header list without an end is cut off', async () => {
    const all = await serving()
    const { socket, closed } = wireTo(all.url)
    socket.write(Buffer.concat([preface, settings, settingsAck]))
    socket.write(frame(frameTypes.headers, 0, 1, postTraces))
    const part = frame(frameTypes.continuation, 0, 1, Buffer.alloc(16_000))
    for (let i = 0; i < 100; i++) socket.write(part)
    await closed
    await expectServing(all)
  })

  test('half a body is none, whichever way its stream is ended', async () => {
    const all = await serving()
    const begun = [
      ...[preface, settings, settingsAck],
      frame(frameTypes.headers, endHeaders, 1, postTraces),
      // What has come is a whole request by itself.
      frame(frameTypes.data, 0, 1, Buffer.from(body)),
    ]
    for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
      const { socket } = wireTo(all.url)
      socket.write(Buffer.concat(begun))
      await expect.poll(() => all.door.inFlight.bytes).toBe(body.length)
      socket.write(frame(frameTypes.reset, 0, 1, Buffer.from([0, 0, 0, code])))
      await expect.poll(() => all.door.inFlight.bytes).toBe(0)
    }
    const session = await connected(all.url)
    const stream = session.request({ ...headers, ':method': 'POST', ':path': '/v1/traces' })
    stream.on('error', () => {})
    stream.write(body)
    await expect.poll(() => all.door.inFlight.bytes).toBe(body.length)
    session.destroy()
    await expect.poll(() => all.door.inFlight.bytes).toBe(0)
    expect((await all.takeQueued()).messages).toBe(0)
    await expectServing(all)
  })
})

describe('slow senders and receivers', () => {
  test('a refused sender that goes on for ever is stopped without an error', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const session = await connected(url)
    const stream = session.request({ ...headers, ':method': 'POST', ':path': '/v1/traces' })
    stream.on('error', () => {})
    stream.write(Buffer.alloc(5_000_000))
    stream.resume()
    const closed = new Promise((resolve) => stream.once('close', resolve))
    const answered = await new Promise((resolve) => stream.once('response', resolve))
    expect(answered).toMatchObject({ ':status': 413, ...headers })
    await closed
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR)
    expect(await exchangeOn(session, { body, headers })).toMatchObject({ status: 200 })
  })

  test('a body that stalls is answered 408 with a Status, and the connection goes on', async () => {
    const { url, door } = await serving({ limits: { requestMsMax: 100 } })
    const session = await connected(url)
    const stream = session.request({ ...headers, ':method': 'POST', ':path': '/v1/traces' })
    stream.write(body.subarray(0, 5))
    const closed = new Promise((resolve) => stream.once('close', resolve))
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    const answered = await new Promise((resolve) => stream.once('response', resolve))
    expect(answered).toMatchObject({ ':status': 408, ...headers })
    await closed
    expect(decodeStatus(Buffer.concat(parts)).message).toMatch(/within 100 ms/)
    expect(door.inFlight.bytes).toBe(0)
    expect(await exchangeOn(session, { body, headers })).toMatchObject({ status: 200 })
  })

  test('a body for the app that stalls is cut off', async () => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const session = await connected(url)
    const stream = session.request({ ':method': 'POST', ':path': '/q', 'content-length': 10 })
    stream.on('error', () => {})
    stream.write('12345')
    await new Promise((resolve) => stream.once('close', resolve))
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
  })

  test('an answer that nobody takes is dropped; one that takes its time to make is not', async () => {
    let finish = (): void => {}
    const app = {
      async fetch(request: Request) {
        if (request.url.endsWith('/slow')) {
          await new Promise<void>((resolve) => {
            finish = resolve
          })
        }
        return new Response('x'.repeat(1_000_000))
      },
    }
    const { url } = await serving({ app, limits: { requestMsMax: 50 } })
    const slow = exchangeOn(await connected(url), { method: 'GET', path: '/slow' })
    const session = await connected(url, { settings: { initialWindowSize: 0 } })
    const stream = session.request({ ':path': '/large' })
    stream.on('error', () => {})
    stream.resume()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
    finish()
    expect((await slow).body).toHaveLength(1_000_000)
  })
})

test('a connection without a request is closed in time, and none that has one', async () => {
  let finish = (): void => {}
  const sessions = http2Sessions({
    requestsMax: 10,
    keepAliveMs: 50,
    settingsMsMax: 10_000,
    requestMsMax: 10_000,
    answer(_, response) {
      finish = () => response.end('done')
    },
  })
  const server = createServer((socket) => sessions.take(socket)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const session = await connected(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const answer = exchangeOn(session, { method: 'GET' })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(session.closed).toBe(false)
  finish()
  expect((await answer).status).toBe(200)
  await closing(session)
})

describe('stopping', () => {
  test('requests under way are answered, new ones and idle connections are not', async () => {
    const all = await serving({ sender: sendEach })
    const { url, server, takeQueued } = all
    const held = heldQueue(all, 60)
    const unheard = wireTo(url)
    unheard.socket.write('PRI')
    const idle = await connected(url)
    const sessions = await Promise.all([connected(url), connected(url), connected(url)])
    const send = (session: ClientHttp2Session) => exchangeOn(session, { body, headers })
    const answers = Array.from({ length: 60 }, (_, i) => send(sessions[i % 3] ?? idle))
    await expect.poll(() => held.begun).toBe(60)
    const told = sessions.map((session) => new Promise((go) => session.once('goaway', go)))
    const stopped = server.close()
    await Promise.all([...told, closing(idle), unheard.closed])
    const [refused] = (await Promise.allSettled([send(sessions[0] ?? idle)])) as Settled[]
    expect(refused?.status).toBe('rejected')
    await expect(exchange(url, { body, headers })).rejects.toThrow('ECONNREFUSED')
    held.release()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(statuses.map(() => 200))
    await Promise.all(sessions.map(closing))
    await stopped
    expect((await takeQueued()).spans).toHaveLength(60)
  })

  test('a query that never ends does not hold it up for ever', async () => {
    const app = { fetch: () => new Promise<Response>(() => {}) }
    const limits = { requestMsMax: 50, queueSendMsMax: 50 }
    const { url, server } = await serving({ app, limits })
    const session = await connected(url)
    const answers = [
      exchangeOn(session, { method: 'GET', path: '/q' }),
      exchange(url, { method: 'GET', path: '/q' }),
    ]
    const settled = Promise.allSettled(answers)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await server.close()
    const states = (await settled).map(({ status }) => status)
    expect(states).toEqual(['rejected', 'rejected'])
  })

  test('half a request does not hold it up for ever', async () => {
    const { url, server } = await serving({ limits: { requestMsMax: 50, queueSendMsMax: 50 } })
    const session = await connected(url)
    const stream = session.request({ ...headers, ':method': 'POST', ':path': '/v1/traces' })
    stream.on('error', () => {})
    stream.write(body.subarray(0, 5))
    const answered = new Promise((resolve) => stream.once('response', resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await server.close()
    expect(await answered).toMatchObject({ ':status': 408 })
  })
})
