import { connect } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { type App, remoteApp, serveApp } from '../../src/adapters/node/app-thread.ts'
import { startHttpServer } from '../../src/adapters/node/http-server.ts'
import { mountedApp } from '../../src/adapters/node/mounted-app.ts'
import { defaultLimits } from '../../src/limits.ts'

function atTheOtherEnd(app: App): App {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  serveApp(port2, app)
  return remoteApp(port1)
}

test('a request comes through with its method, headers and body, and the answer comes back', async () => {
  const app = atTheOtherEnd({
    async fetch(request) {
      const { method, url, headers } = request
      const text = `${method} ${url} ${headers.get('x-one')} ${await request.text()}`
      return new Response(text, { status: 201, headers: { 'x-two': '2' } })
    },
  })
  const asked = new Request('http://x/path?q=1', {
    method: 'POST',
    headers: { 'x-one': '1' },
    body: 'body',
  })
  const response = await app.fetch(asked)
  expect([response.status, response.headers.get('x-two'), await response.text()]).toEqual([
    201,
    '2',
    'POST http://x/path?q=1 1 body',
  ])
})

/** An endless body in pieces, and what becomes of it. */
function countedBody(pieces: number, failAt = Number.POSITIVE_INFINITY) {
  const seen = { pulls: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.pulls >= failAt) throw new Error('the engine is gone')
      if (seen.pulls >= pieces) return controller.close()
      controller.enqueue(new Uint8Array(64 * 1024).fill(seen.pulls++))
    },
    cancel() {
      seen.cancelled = true
    },
  })
  return { body, seen }
}

test('a large answer comes whole, part by part', async () => {
  const { body, seen } = countedBody(100)
  const app = atTheOtherEnd({ fetch: () => new Response(body, { headers: { 'x-two': '2' } }) })
  const response = await app.fetch(new Request('http://x/'))
  expect(response.headers.get('x-two')).toBe('2')
  const reader = response.body?.getReader()
  const first = await reader?.read()
  expect(first?.value?.length).toBeGreaterThan(0)
  // What nobody has asked for is not made.
  expect(seen.pulls).toBeLessThan(20)
  let bytes = first?.value?.length ?? 0
  for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
    bytes += next.value.length
  }
  expect(bytes).toBe(100 * 64 * 1024)
})

test('who stops reading ends the making', async () => {
  const { body, seen } = countedBody(1_000_000)
  const app = atTheOtherEnd({ fetch: () => new Response(body) })
  const response = await app.fetch(new Request('http://x/'))
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await expect.poll(() => seen.cancelled).toBe(true)
})

test('an answer that breaks off does not look whole', async () => {
  const { body } = countedBody(100, 50)
  const app = atTheOtherEnd({ fetch: () => new Response(body) })
  const response = await app.fetch(new Request('http://x/'))
  await expect(response.arrayBuffer()).rejects.toThrow('the engine is gone')
  const soon = countedBody(100, 1)
  const early = atTheOtherEnd({ fetch: () => new Response(soon.body) })
  expect((await early.fetch(new Request('http://x/'))).status).toBe(500)
})

/** Answers once its request is aborted. */
function waitingApp() {
  let asked = (): void => {}
  let aborted = (): void => {}
  const hasAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const isAborted = new Promise<void>((resolve) => {
    aborted = resolve
  })
  const app = atTheOtherEnd({
    fetch: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted()
          resolve(new Response('cancelled', { status: 503 }))
        })
        asked()
      }),
  })
  return { app, hasAsked, isAborted }
}

test('a request that is aborted is aborted at the other end', async () => {
  const { app, hasAsked, isAborted } = waitingApp()
  const controller = new AbortController()
  const answer = app.fetch(new Request('http://x/', { signal: controller.signal }))
  await hasAsked
  controller.abort()
  await isAborted
  expect((await answer).status).toBe(503)
  const late = await app.fetch(new Request('http://x/', { signal: AbortSignal.abort() }))
  expect(late.status).toBe(503)
})

test.each(['the main port', 'a port of its own'])(
  'a client that hangs up on %s stops the work',
  async (port) => {
    const { app, hasAsked, isAborted } = waitingApp()
    const server = await startHttpServer({
      listen: { host: '127.0.0.1', port: 0 },
      limits: defaultLimits,
      app: port === 'the main port' ? app : mountedApp('/tempo', 'front', app),
    })
    onTestFinished(() => server.close())
    const { hostname, port: number } = new URL(server.url)
    const socket = connect(Number(number), hostname)
    socket.write('GET /api/search HTTP/1.1\r\nHost: x\r\n\r\n')
    await hasAsked
    socket.destroy()
    await isAborted
  },
)
