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
