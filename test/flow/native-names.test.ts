import { expect, test } from 'vitest'
import { createApp } from '../../query/app.ts'
import { compactStep } from '../../src/compact/compact.ts'
import { openAccess } from '../../src/ingest/access.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { type LookupWorld, lookupWorld, nowMs, nowNs, traceId } from '../helpers/lookup-world.ts'
import { someSpan, spanId } from '../helpers/some-span.ts'

const nowS = nowMs / 1_000
const secondNs = 1_000_000_000n

/** A span that starts so many seconds ago. */
function span(ago: number, fields: Partial<Span> & { readonly service?: string }): Span {
  const startNs = nowNs - BigInt(ago) * secondNs
  const own = { traceId: traceId(ago), spanId: spanId(ago), startNs, endNs: startNs + 5n }
  return someSpan({ ...own, ...fields })
}

function opened() {
  const world = lookupWorld()
  const queue = { maxMessageBytes: 0, send: async () => {} }
  const access = openAccess('acme')
  const app = createApp({ runtime: world.runtime, access, cache: readCache(), queue })
  return { world, ask: (path: string) => app.request(`/api/v1/${path}`) }
}

interface Answer {
  readonly services?: readonly string[]
  readonly operations?: readonly { readonly name: string; readonly kind: string }[]
  readonly spanlake: {
    readonly complete: boolean
    readonly reasons: readonly string[]
    readonly cost: Readonly<Record<string, number>>
  }
}

async function jsonOf(response: Response | Promise<Response>): Promise<Answer> {
  const got = await response
  expect(got.status, await got.clone().text()).toBe(200)
  return (await got.json()) as Answer
}

async function compact(world: LookupWorld): Promise<void> {
  for (let step = 0; step < 50; step++) {
    const { kind } = await compactStep('acme', world.runtime, readCache(), { now: true })
    if (kind === 'nothing') return
  }
}

async function flushTwo(world: LookupWorld): Promise<void> {
  await world.flush(
    world.envelope([
      span(20, { service: 'web', name: 'GET /', kind: 2 }),
      span(10, { service: 'cart', name: 'add', kind: 2 }),
      span(11, { service: 'cart', name: 'add', kind: 3 }),
    ]),
  )
  await world.flush(
    world.envelope([
      span(5000, { service: 'old', name: 'run' }),
      span(5001, { service: 'cart', name: 'drop', kind: 77 }),
      span(5002, { name: 'of nobody' }),
    ]),
  )
}

test.each(['fresh', 'compacted'])('all services and operations, sorted, %s', async (state) => {
  const { world, ask } = opened()
  await flushTwo(world)
  if (state === 'compacted') await compact(world)
  const services = await jsonOf(ask('services'))
  expect(services).toMatchObject({
    services: ['cart', 'old', 'web'],
    spanlake: { complete: true, reasons: [] },
  })
  expect(services.spanlake.cost).toMatchObject({ filesConsidered: 2, filesOpened: 2 })
  const { operations } = await jsonOf(ask('operations?service=cart'))
  expect(operations).toEqual([
    { name: 'add', kind: 'server' },
    { name: 'add', kind: 'client' },
    { name: 'drop', kind: 'unspecified' },
  ])
  const clients = await jsonOf(ask('operations?service=cart&kind=client'))
  expect(clients.operations).toEqual([{ name: 'add', kind: 'client' }])
  expect((await jsonOf(ask('operations?service=nobody'))).operations).toEqual([])
})

test.each(['fresh', 'compacted'])(
  'with a range, only spans that start in it count, and files outside are not opened, %s',
  async (state) => {
    const { world, ask } = opened()
    await flushTwo(world)
    if (state === 'compacted') await compact(world)
    const recent = await jsonOf(ask(`services?start=${nowS - 100}`))
    expect(recent).toMatchObject({ services: ['cart', 'web'], spanlake: { complete: true } })
    expect(recent.spanlake.cost).toMatchObject({ filesConsidered: 2, filesOpened: 1 })
    const old = await jsonOf(ask(`services?end=${nowS - 100}`))
    expect(old.services).toEqual(['cart', 'old'])
    // Within one file: the first nanosecond is in, the last is not.
    const [from, to] = [nowNs - 11n * secondNs, nowNs - 10n * secondNs]
    const edge = await jsonOf(ask(`operations?service=cart&start=${from}&end=${to}`))
    expect(edge.operations).toEqual([{ name: 'add', kind: 'client' }])
    expect((await jsonOf(ask(`services?start=${from}&end=${to}`))).services).toEqual(['cart'])
    const none = await jsonOf(ask(`services?start=${nowS + 1}`))
    expect(none).toMatchObject({ services: [], spanlake: { cost: { filesOpened: 0 } } })
  },
)

test('what a whole file says is read once', async () => {
  const { world, ask } = opened()
  await flushTwo(world)
  await ask('services')
  world.forget()
  expect((await jsonOf(ask('services'))).services).toEqual(['cart', 'old', 'web'])
  expect(world.asked.gets).toEqual([])
})

test('a broken file leaves the lists partial, and is named', async () => {
  const { world, ask } = opened()
  await flushTwo(world)
  const key = await world.flush(world.envelope([span(1, { service: 'late', name: 'x' })]))
  const body = (await world.store.get(key))!.body
  await world.store.put(key, body.subarray(0, body.length - 40), { kind: 'overwrite' })
  for (const path of ['services', 'operations?service=cart']) {
    const { spanlake } = await jsonOf(ask(path))
    expect(spanlake).toMatchObject({ complete: false, reasons: [expect.stringContaining(key)] })
  }
})

test.each([
  ['services?start=yesterday', 'start must be unix seconds, nanoseconds or a time'],
  ['services?start=5&end=5', 'end must be after start'],
  ['operations', 'service must be given'],
  ['operations?service=cart&kind=caller', 'kind must be one of unspecified, internal, server'],
  ['operations?service=cart&end=-1', 'end must be unix'],
])('%s is refused: %s', async (path, message) => {
  const { ask } = opened()
  const response = await ask(path)
  expect(response.status).toBe(400)
  const { error } = (await response.json()) as { error: { kind: string; message: string } }
  expect(error.kind).toBe('invalid')
  expect(error.message).toContain(message)
})
