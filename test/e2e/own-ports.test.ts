import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listenOn } from '../../functions/node/listen.ts'
import { defaultLimits } from '../../src/limits.ts'
import { exchange } from '../helpers/http-client.ts'
import { exportJson, testRequest, testSpan, until } from '../helpers/otlp-json.ts'
import { runSpanlake, type SpanlakeProcess, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

interface Started {
  readonly server: SpanlakeProcess
  readonly url: string
  readonly tempo: string
  readonly jaeger: string
}

async function started(flags: readonly string[] = [], env = {}): Promise<Started> {
  const server = await startSpanlake(
    await temporaryFolder(),
    ['--flush-interval', '50ms', ...flags],
    env,
  )
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  await until(
    async () => server.log(),
    (log) => /Jaeger data source (\S+)/.test(log),
  )
  const [, tempo = ''] = server.log().match(/Tempo data source (\S+)/) ?? []
  const [, jaeger = ''] = server.log().match(/Jaeger data source (\S+)/) ?? []
  return { server, url: server.url, tempo, jaeger }
}

const bothPorts = ['--tempo-port', '0', '--jaeger-port', '0']

async function textAt(url: string, headers = {}): Promise<[number, string]> {
  const response = await fetch(url, { headers })
  return [response.status, await response.text()]
}

test("Tempo's and Jaeger's APIs at the roots of ports of their own", async () => {
  const { server, url, tempo, jaeger } = await started(bothPorts)
  expect(new Set([url, tempo, jaeger].map((one) => new URL(one).port)).size).toBe(3)
  const span = testSpan()
  expect((await exportJson(url, testRequest([span], 'a/b'))).status).toBe(200)
  const id = span.traceId
  await until(
    () => textAt(`${url}/api/v1/traces/${id}`),
    ([status]) => status === 200,
  )
  for (const [own, path] of [
    [tempo, `/api/traces/${id}`],
    [tempo, `/api/v2/traces/${id}`],
    [tempo, '/api/v2/search/tag/resource.service.name/values?q=%7B%7D'],
    [tempo, '/api/echo'],
    [tempo, '/api/status/buildinfo'],
    [tempo, '/ready'],
    [jaeger, `/api/traces/${id}`],
    [jaeger, '/api/services'],
    [jaeger, '/api/services/a/b/operations'],
    [jaeger, '/api/services/a%2Fb/operations'],
    [jaeger, `/api/v3/traces/${id}`],
    [jaeger, '/api/dependencies'],
  ] as const) {
    const [status, text] = await textAt(own + path)
    expect([path, status]).toEqual([path, 200])
    const below = `${url}/${own === tempo ? 'tempo' : 'jaeger'}`
    const [otherStatus, otherText] = await textAt(below + path)
    expect([path, otherStatus, withoutCost(otherText)]).toEqual([path, 200, withoutCost(text)])
  }
  expect(await textAt(`${tempo}/ready`)).toEqual([200, 'ready\n'])
  expect(await textAt(`${tempo}/api/echo`)).toEqual([200, 'echo'])
  expect(await server.stop('SIGTERM')).toBe(0)
})

/** The second to ask is spared what the first has read. */
function withoutCost(text: string): string {
  return text.replaceAll(/"(inspected|backend)\w+":"\d+"/g, '')
}

test('what else is asked there', async () => {
  const { url, tempo, jaeger } = await started(bothPorts)
  expect(await textAt(tempo)).toEqual([200, expect.stringContaining("Tempo's HTTP API")])
  expect(await textAt(jaeger)).toEqual([200, expect.stringContaining("Jaeger's query APIs")])
  for (const own of [tempo, jaeger]) {
    expect(await textAt(`${own}/healthz`)).toEqual([200, 'ok\n'])
    expect(await textAt(`${own}/readyz`)).toEqual([200, 'ready\n'])
    expect((await textAt(`${own}/metrics`))[1]).toContain('spanlake_lookups_total')
    // Spans are taken at the main port, and the other APIs answer there.
    expect((await exportJson(own, testRequest([testSpan()]))).status).toBe(404)
    expect((await textAt(`${own}/api/v1/traces`))[0]).toBe(404)
    expect((await textAt(`${own}/tempo/api/echo`))[0]).toBe(404)
  }
  const [status, unknown] = await textAt(`${jaeger}/api/v3/nothing`)
  expect([status, JSON.parse(unknown)]).toMatchObject([404, { error: { httpCode: 404 } }])
  const posted = await fetch(`${jaeger}/api/transform`, {
    method: 'POST',
    body: testRequest([testSpan()], 'posted'),
  })
  expect(await posted.text()).toContain('"serviceName":"posted"')
  expect(await textAt(`${url}/tempo/ready`)).toEqual([200, 'ready\n'])
  // A path as it stands, which a browser would have shortened.
  const { status: dotted } = await exchange(tempo, { method: 'GET', path: '/../api/v1/traces' })
  expect(dotted).toBe(404)
})

test('tokens and tenants are the same', async () => {
  const folder = await temporaryFolder()
  const made = await runSpanlake([
    'token',
    '--name',
    'reader',
    '--role',
    'read',
    '--tenant',
    'acme',
  ])
  const token = made.stdout.trim()
  const tokens = join(folder, 'tokens.json')
  await writeFile(tokens, `{"tokens":[${made.stderr.split('\n').at(-2)}]}`)
  const { tempo, jaeger } = await started([...bothPorts, '--tokens', tokens])
  for (const path of [`${tempo}/api/echo`, `${jaeger}/api/services`]) {
    expect((await textAt(path))[0]).toBe(401)
    expect((await textAt(path, { authorization: `Bearer ${token}` }))[0]).toBe(200)
    const other = { authorization: `Bearer ${token}`, 'x-scope-orgid': 'other' }
    expect((await textAt(path, other))[0]).toBe(403)
  }
})

test('ports by their variables; without any there are none', async () => {
  const free = await freePort()
  const { tempo } = await started([], { SPANLAKE_TEMPO_PORT: String(free) })
  expect(tempo).toBe(`http://127.0.0.1:${free}`)
  const plain = await started()
  expect(plain.tempo).toBe(`${plain.url}/tempo`)
  expect(plain.jaeger).toBe(`${plain.url}/jaeger`)
})

test('a port that is taken or none is refused, and all that was started is stopped', async () => {
  const taken = await listening()
  const { port } = taken.address() as AddressInfo
  const data = await temporaryFolder()
  const refusal = async (...flags: string[]) => {
    const serve = ['serve', '--listen', '127.0.0.1:0', '--data', data]
    const { code, stderr } = await runSpanlake([...serve, ...flags], { msMax: 20_000 })
    expect(code).toBe(1)
    return stderr
  }
  expect(await refusal('--tempo-port', '0', '--jaeger-port', String(port))).toBe(
    `spanlake: cannot listen on 127.0.0.1:${port}: address in use\n`,
  )
  expect(await refusal('--tempo-port', '3200', '--jaeger-port', '3200')).toBe(
    'spanlake: jaeger port must differ from tempo port, got 3200\n',
  )
  for (const wrong of ['65536', '-1', 'x', '']) {
    expect(await refusal('--tempo-port', wrong)).toMatch(
      /--tempo-port.*number must be from 0 to 65535, got /,
    )
  }
})

test('requests under way on every port are answered before it stops, and new ones refused', async () => {
  const waiting: (() => void)[] = []
  const { url, tempoUrl, jaegerUrl, close } = await listenOn(
    { listen: { host: '127.0.0.1', port: 0 }, tempoPort: 0, jaegerPort: 0 },
    {
      limits: defaultLimits,
      app: {
        fetch: ({ url: asked }) =>
          new Promise((resolve) => {
            waiting.push(() => resolve(new Response(new URL(asked).pathname)))
          }),
      },
    },
  )
  const urls = [url, tempoUrl ?? '', jaegerUrl ?? '']
  const answers = urls.map((one) => textAt(`${one}/api/x`, { connection: 'close' }))
  await until(
    async () => waiting.length,
    (count) => count === 3,
  )
  let isClosed = false
  const closed = close().then(() => {
    isClosed = true
  })
  for (const one of urls) await expect(fetch(`${one}/api/x`)).rejects.toThrow()
  expect(isClosed).toBe(false)
  for (const answer of waiting) answer()
  const paths = ['/api/x', '/tempo/api/x', '/jaeger/api/x']
  expect(await Promise.all(answers)).toEqual(paths.map((path) => [200, path]))
  await closed
})

function listening(): Promise<Server> {
  const server = createServer()
  onTestFinished(() => void server.close())
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

async function freePort(): Promise<number> {
  const server = await listening()
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
