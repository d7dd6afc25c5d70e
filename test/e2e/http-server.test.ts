import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { App } from '../../src/adapters/node/app-thread.ts'
import { appBodyBytesMax, headerBytesMax } from '../../src/limits.ts'
import { exchange } from '../helpers/http-client.ts'
import { body, headers, serving, wireTo } from '../helpers/http-serving.ts'
import { decodeStatus, encodeRequest } from '../helpers/otlp-protobuf.ts'

const head = (length: number, more = '') =>
  `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${length}\r\n${more}\r\n`

describe('senders that misbehave', () => {
  test('a body that stalls is answered 408 with a Status, and the connection closed', async () => {
    const { url, takeQueued, door } = await serving({ limits: { requestMsMax: 100 } })
    const { socket, until, closed } = wireTo(url)
    socket.write(head(body.length))
    socket.write(body.subarray(0, 5))
    const answer = await until(/within 100 ms/)
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(answer).toMatch(/content-type: application\/x-protobuf/i)
    expect(answer).toMatch(/connection: close/i)
    await closed
    expect(door.inFlight.bytes).toBe(0)
    expect((await takeQueued()).messages).toBe(0)
  })

  test('a body that trickles for ever is cut off all the same', async () => {
    const { url } = await serving({ limits: { requestMsMax: 150 } })
    const { socket, until, closed } = wireTo(url)
    socket.write(head(1_000_000))
    const drops = setInterval(() => socket.write('x'), 10)
    onTestFinished(() => clearInterval(drops))
    expect(await until(/within 150 ms/)).toMatch(/^HTTP\/1.1 408 /)
    await closed
  })

  test('headers that never end are cut off', async () => {
    const { url } = await serving({ limits: { requestMsMax: 50 } })
    const { socket, until, closed } = wireTo(url)
    socket.write('POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-')
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 408 /)
    await closed
  })

  test('headers over the bound are refused', async () => {
    const { url } = await serving()
    const { socket, until } = wireTo(url)
    socket.write(head(0, `X-Long: ${'x'.repeat(headerBytesMax)}\r\n`))
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 431 /)
  })

  test('a query over the bound is told of, on a connection that was answered before too', async () => {
    const { url } = await serving()
    const { socket, until, closed } = wireTo(url)
    socket.write('GET /first HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/GET \/first/)
    socket.write(`GET /tempo/api/search?q=${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(await until(/431 .*must be/s)).toMatch(
      /text\/plain.*path, query and headers of a request must be at most 16384 bytes together\n$/s,
    )
    await closed
  })

  test('a sender that goes away leaves nothing behind, and the server stays', async () => {
    const { url, door } = await serving()
    for (const sent of [
      head(body.length),
      `${head(body.length)}xyz`,
      'POST /v1/tr',
      'noise\r\n\r\n',
    ]) {
      const { socket, closed } = wireTo(url)
      socket.write(sent)
      await new Promise((resolve) => setTimeout(resolve, 10))
      socket.resetAndDestroy()
      await closed
    }
    expect(await exchange(url, { body, headers })).toMatchObject({ status: 200 })
    expect(door.inFlight.bytes).toBe(0)
  })

  test('a body that is no HTTP is refused, and leaves nothing behind', async () => {
    const { url, door, takeQueued } = await serving()
    const { socket, until, closed } = wireTo(url)
    const chunked = 'POST /v1/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n'
    socket.write(`${chunked}Content-Type: application/x-protobuf\r\n\r\n3\r\nabc\r\nno chunk\r\n`)
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /)
    await closed
    expect(door.inFlight.bytes).toBe(0)
    expect((await takeQueued()).messages).toBe(0)
  })

  test('a sender that goes away before the answer is there costs nothing but the answer', async () => {
    const { url, faults, takeQueued } = await serving()
    const { socket, closed } = wireTo(url)
    let taken = (): void => {}
    const durable = new Promise<void>((resolve) => {
      taken = resolve
    })
    faults.push(async (send) => {
      socket.resetAndDestroy()
      await closed
      await send()
      taken()
    })
    socket.write(head(body.length))
    socket.write(body)
    await durable
    expect((await takeQueued()).messages).toBe(1)
    expect(await exchange(url, { body, headers })).toMatchObject({ status: 200 })
  })

  test('two messages in one connection do not run into each other', async () => {
    const { url, takeQueued } = await serving()
    const { socket, until } = wireTo(url)
    const request = Buffer.concat([Buffer.from(head(body.length)), body])
    socket.write(Buffer.concat([request, request, request.subarray(0, 30)]))
    await until(/(HTTP\/1.1 200 [\s\S]*){2}/)
    socket.write(request.subarray(30))
    await until(/(HTTP\/1.1 200 [\s\S]*){3}/)
    expect((await takeQueued()).spans).toHaveLength(3)
  })

  test('connections over the bound are closed at once', async () => {
    const { url } = await serving({ connectionsMax: 2 })
    const whole = Buffer.concat([Buffer.from(head(body.length)), body])
    const wires = [wireTo(url), wireTo(url)]
    for (const { socket, until } of wires) {
      socket.write(whole)
      await until(/ 200 /)
    }
    await wireTo(url).closed
    wires[0]?.socket.destroy()
    await wires[0]?.closed
    await expect
      .poll(() => exchange(url, { body, headers }).catch(String))
      .toMatchObject({
        status: 200,
      })
  })
})

describe('early refusals', () => {
  test('a sender in the midst of a large body gets its answer, then the connection is closed', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const { socket, until, closed } = wireTo(url)
    socket.write(head(50_000_000))
    const chunk = Buffer.alloc(64 * 1024)
    for (let i = 0; i < 100; i++) socket.write(chunk)
    const answer = await until(/at most 1000 bytes/)
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
    expect(answer).toMatch(/connection: close/i)
    await closed
  })

  test('a sender that reads nothing until it has sent everything finds its answer there', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const { socket, until } = wireTo(url)
    socket.pause()
    socket.write(head(20_000_000))
    const failed = await new Promise((resolve) => socket.write(Buffer.alloc(20_000_000), resolve))
    expect(failed ?? undefined).toBeUndefined()
    socket.resume()
    expect(await until(/at most 1000 bytes/)).toMatch(/^HTTP\/1.1 413 /)
  })

  test('clients read the refusal of a large body', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const large = Buffer.alloc(30_000_000)
    const declared = await exchange(url, { body: large, headers })
    expect(declared.status).toBe(413)
    expect(decodeStatus(declared.body).code).toBe(8)
    const chunks = Array.from({ length: 100 }, () => large.subarray(0, 100_000))
    expect(await exchange(url, { chunks, headers })).toMatchObject({ status: 413 })
    const { status } = await fetch(`${url}/v1/traces`, { method: 'POST', body: large, headers })
    expect(status).toBe(413)
  })

  test('who asks first is told to go on, or refused before it has sent anything', async () => {
    const { url } = await serving({ limits: { requestBytesMax: 1_000 } })
    const expecting = 'Expect: 100-continue\r\n'
    const welcome = wireTo(url)
    welcome.socket.write(head(body.length, expecting))
    expect(await welcome.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    welcome.socket.write(body)
    expect(await welcome.until(/ 200 /)).toMatch(/HTTP\/1.1 200 OK/)
    const refused = wireTo(url)
    refused.socket.write(head(1_001, expecting))
    expect(await refused.until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 413 /)
  })
})

describe('browsers', () => {
  const origin = 'https://shop.example'
  const cors = { corsOrigins: ['https://other.example', origin] }
  const asked = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  }
  const corsOf = (answerHeaders: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(answerHeaders).filter(([name]) => /^(access-control-|vary)/.test(name)),
    )

  test('a preflight from an allowed origin needs no token and has no body', async () => {
    const { url } = await serving(cors)
    const answer = await exchange(url, { method: 'OPTIONS', headers: asked })
    expect(answer).toMatchObject({ status: 204, body: new Uint8Array() })
    expect(answer.headers['content-length']).toBeUndefined()
    expect(corsOf(answer.headers)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'retry-after',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers':
        'content-type, content-encoding, authorization, x-scope-orgid',
      'access-control-max-age': '7200',
    })
  })

  test.each([
    'https://shop.example.evil',
    'https://shop.example:8443',
    'null',
    'HTTPS://SHOP.EXAMPLE',
  ])('nothing is allowed to %s', async (stranger) => {
    const { url } = await serving(cors)
    const headersOf = { ...asked, origin: stranger }
    const preflight = await exchange(url, { method: 'OPTIONS', headers: headersOf })
    expect(corsOf(preflight.headers)).toEqual({ vary: 'Origin' })
    const posted = await exchange(url, { body, headers: { ...headers, origin: stranger } })
    expect(corsOf(posted.headers)).toEqual({ vary: 'Origin' })
  })

  test('every answer, good or bad, can be read by the page', async () => {
    const { url, faults } = await serving({ ...cors, limits: { requestBytesMax: 500 } })
    faults.push(async () => {
      throw new Error('queue trouble')
    })
    const answers = [
      await exchange(url, { body, headers: { ...headers, origin } }),
      await exchange(url, { body, headers: { ...headers, origin } }),
      await exchange(url, { body: 'x', headers: { ...headers, origin } }),
      await exchange(url, { body, headers: { 'content-type': 'text/plain', origin } }),
      await exchange(url, { body: Buffer.alloc(501), headers: { ...headers, origin } }),
      await exchange(url, { method: 'PUT', headers: { ...headers, origin } }),
      await exchange(url, { body, headers: { ...headers, origin, 'x-scope-orgid': 'other' } }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 400, 415, 413, 405, 403])
    for (const answer of answers) {
      expect(corsOf(answer.headers)).toEqual({
        vary: 'Origin',
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after',
      })
    }
  })

  test('no other path lets pages in', async () => {
    const { url } = await serving(cors)
    for (const path of ['/v1/metrics', '/api/v1/traces']) {
      const answer = await exchange(url, { method: 'OPTIONS', path, headers: asked })
      expect(corsOf(answer.headers)).toEqual({})
    }
  })
})

describe('other paths', () => {
  test('go to the app, with their bodies', async () => {
    const { url } = await serving()
    expect(await (await fetch(`${url}/api/x?y=1`)).text()).toBe('GET /api/x ')
    const posted = await fetch(`${url}/v1/traces/`, { method: 'POST', body: 'hello' })
    expect(await posted.text()).toBe('POST /v1/traces/ hello')
  })

  test.each([
    ['at the bound', appBodyBytesMax, 200],
    ['one byte more', appBodyBytesMax + 1, 413],
  ])('a body %s', async (_, bytes, status) => {
    const { url } = await serving()
    expect(await exchange(url, { path: '/q', body: Buffer.alloc(bytes) })).toMatchObject({ status })
  })

  test('a body that does not say how large it is is refused', async () => {
    const { url } = await serving()
    const answer = await exchange(url, { path: '/q', chunks: [new Uint8Array(3)] })
    expect(answer.status).toBe(413)
  })

  test('an app that fails is 500, and the next request is answered', async () => {
    let calls = 0
    const app: App = {
      fetch: () => {
        if (calls++ === 0) throw new Error('a bug')
        return new Response('ok')
      },
    }
    const { url } = await serving({ app })
    expect((await fetch(`${url}/`)).status).toBe(500)
    expect((await fetch(`${url}/`)).status).toBe(200)
  })
})

describe('stopping', () => {
  test('requests under way are answered, idle connections closed, new ones refused', async () => {
    const { url, server, faults, takeQueued } = await serving()
    const idle = wireTo(url)
    idle.socket.write(Buffer.concat([Buffer.from(head(body.length)), body]))
    await idle.until(/ 200 /)
    await takeQueued()
    let release = (): void => {}
    const begun = new Promise<void>((begin) => {
      faults.push(async (send) => {
        begin()
        await new Promise<void>((resolve) => {
          release = resolve
        })
        await send()
      })
    })
    const busy = wireTo(url)
    busy.socket.write(Buffer.concat([Buffer.from(head(body.length)), body]))
    await begun
    const stopped = server.close()
    await idle.closed
    await expect(exchange(url, { body, headers })).rejects.toThrow('ECONNREFUSED')
    release()
    expect(await busy.until(/ 200 /)).toMatch(/^HTTP\/1.1 200 /)
    await busy.closed
    await stopped
    expect((await takeQueued()).spans).toHaveLength(1)
  })

  test('half a request does not hold it up for ever', async () => {
    const { url, server } = await serving({ limits: { requestMsMax: 50, queueSendMsMax: 50 } })
    const stalled = wireTo(url)
    stalled.socket.write(head(body.length))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await server.close()
    expect(await stalled.until(/ 408 /)).toMatch(/ 408 /)
  })
})

test('a large gzip body comes through whole', async () => {
  const { url, takeQueued } = await serving()
  const spans = Array.from({ length: 20_000 }, (_, i) => {
    const spanId = new Uint8Array(8).fill(1)
    new DataView(spanId.buffer).setUint32(0, i)
    return { traceId: new Uint8Array(16).fill(1), spanId, name: `span ${i}` }
  })
  const large = gzipSync(encodeRequest({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))
  const gzipped = { ...headers, 'content-encoding': 'gzip' }
  expect(await exchange(url, { body: large, headers: gzipped })).toMatchObject({ status: 200 })
  const taken = await takeQueued()
  expect(taken.spans.map(({ name }) => name)).toEqual(spans.map(({ name }) => name))
})
