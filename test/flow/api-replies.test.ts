import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { apiApp, goldenApi } from '../helpers/api-app.ts'
import { jaegerErrorShape, jaegerShapes } from '../helpers/jaeger-shapes.ts'
import type { Shape } from '../helpers/strict-json.ts'
import { tempoShapes } from '../helpers/tempo-shapes.ts'

interface Case {
  readonly sentBy: string
  readonly request: string
  readonly accept?: string
  readonly status?: number
  readonly type?: string
  readonly reply?: unknown
}

const app = await apiApp()

async function ask({ request, accept }: Case) {
  // As it stands: a client's own escapes, or none, are part of the case.
  const headers = accept === undefined ? {} : { accept }
  const response = await app.request(`http://localhost${request}`, { headers })
  expect(response.headers.get('x-spanlake-incomplete')).toBeNull()
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const body = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, type, reply: replyOf(type, body) }
}

function replyOf(type: string, body: Uint8Array): unknown {
  if (type === 'application/protobuf') return Buffer.from(withoutField2(body)).toString('base64')
  const text = new TextDecoder().decode(body)
  return type === 'application/json' ? JSON.parse(text) : text
}

/** Of Tempo's reply in protobuf: what it cost. All its fields have lengths, or are small numbers. */
function withoutField2(body: Uint8Array): Uint8Array {
  const reader = protobuf.Reader.create(body)
  const parts: Uint8Array[] = []
  while (reader.pos < reader.len) {
    const from = reader.pos
    const tag = reader.uint32()
    reader.skipType(tag & 7)
    if (tag >>> 3 !== 2) parts.push(body.subarray(from, reader.pos))
  }
  return Buffer.concat(parts)
}

/** What it cost is no part of what is answered; the strict decoder has seen it. */
function withoutCost(reply: unknown): unknown {
  if (typeof reply !== 'object' || reply === null) return reply
  return Object.fromEntries(Object.entries(reply).filter(([key]) => key !== 'metrics'))
}

function shapeOf(api: string, path: string, status: number): Shape | undefined {
  const below = path.slice(`/${api}`.length)
  if (api === 'jaeger' && status !== 200) return jaegerErrorShape(below)
  const shapes = api === 'jaeger' ? jaegerShapes : tempoShapes
  return shapes.find(([pattern]) => pattern.test(below))?.[1]
}

describe.each(['tempo', 'jaeger'])('%s', (api) => {
  const folder = new URL(`${api}/`, goldenApi)
  test.each(readdirSync(folder))('%s', async (name) => {
    const url = new URL(name, folder)
    const given = JSON.parse(readFileSync(url, 'utf8')) as Case
    let expected: Case = given
    const answer = await ask(given)
    if (answer.type === 'application/json') {
      const path = given.request.split('?', 1)[0] ?? ''
      const shape = shapeOf(api, path, answer.status)
      expect(shape?.(answer.reply, '')).toEqual([])
    }
    const shown = { ...answer, reply: withoutCost(answer.reply) }
    if (process.env.UPDATE_GOLDEN === '1') {
      expected = { ...given, ...shown }
      writeFileSync(url, `${JSON.stringify(expected, undefined, 2)}\n`)
    }
    const { status, type, reply } = expected
    expect(shown).toEqual({ status, type, reply })
  })
})

test('the strict decoder refuses what clients refuse', () => {
  const shape = (path: string) => tempoShapes.find(([pattern]) => pattern.test(path))?.[1]
  const faults = (reply: unknown) => shape('/api/search')?.(reply, '')
  expect(faults({ traces: [], metrics: {} })).toEqual([])
  expect(faults({ traces: [], metrics: { inspectedBytes: 5 } })).toHaveLength(1)
  expect(faults({ traces: [], metrics: {}, cursor: '' })).toEqual(['.cursor is unknown'])
  expect(faults({ metrics: {} })).toEqual(['.traces is missing'])
  const summaries = jaegerShapes.find(([pattern]) => pattern.test('/api/v3/trace-summaries'))?.[1]
  expect(summaries?.({ summaries: [{ traceId: 'abc' }] }, '')).not.toEqual([])
})
