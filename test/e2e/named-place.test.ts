import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testRequest, testSpan } from '../helpers/otlp-json.ts'
import { runSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

// Nothing listens there.
const url = 'http://127.0.0.1:1'
const atServer = { code: 1, stderr: expect.stringContaining(`no server answers at ${url}`) }

async function dataWithSpan(): Promise<{ data: string; traceId: string }> {
  const data = await temporaryFolder()
  const span = testSpan()
  const imported = await runSpanlake(['import', '-', '--data', data], {
    stdin: testRequest([span]),
  })
  expect(imported).toMatchObject({ code: 0 })
  return { data, traceId: span.traceId }
}

test('a server named on the command line goes before a data directory of the environment', async () => {
  const { data, traceId } = await dataWithSpan()
  const env = { SPANLAKE_DATA: data }
  expect(await runSpanlake(['trace', traceId], { env })).toMatchObject({ code: 0 })
  for (const command of [
    ['trace', traceId],
    ['dead', 'list'],
    ['dead', 'replay', '--all'],
  ]) {
    expect(await runSpanlake([...command, '--from', url], { env }), command[1]).toMatchObject(
      atServer,
    )
  }
})

test('a data directory named on the command line goes before a server of the environment', async () => {
  const data = await temporaryFolder()
  const env = { SPANLAKE_URL: url }
  const stdin = testRequest([testSpan()])
  expect(await runSpanlake(['import', '-'], { env, stdin })).toMatchObject(atServer)
  expect(await runSpanlake(['import', '-', '--data', data], { env, stdin })).toMatchObject({
    code: 0,
  })
  expect(await runSpanlake(['dead', 'list', '--data', data], { env })).toMatchObject({ code: 0 })
})

test('both on the command line are refused', async () => {
  const data = join(await temporaryFolder(), 'nothing')
  for (const command of [
    ['import', '-', '--to', url],
    ['trace', 'abc', '--from', url],
  ]) {
    expect(await runSpanlake([...command, '--data', data])).toMatchObject({
      code: 1,
      stderr: `spanlake: either ${command[2]} or --data must be given, got both\n`,
    })
  }
})

test.each(['../x', '_x', ''])('%j as tenant is refused by every command', async (tenant) => {
  for (const command of [['import', '-'], ['trace', 'abc'], ['dead', 'list'], ['fsck']]) {
    const { code, stderr } = await runSpanlake([...command, '--tenant', tenant], { msMax: 20_000 })
    expect(code, command[0]).toBe(1)
    expect(stderr).toContain(`tenant must be named with letters, digits, . _ -, got ${tenant}`)
  }
})

test.each([
  [['trace', 'abc']],
  [['dead', 'list']],
  [['dead', 'show', 'x']],
  [['dead', 'replay', 'x']],
  [['dead', 'replay', '--all']],
])('%s of a data directory that is not there is refused, and makes none', async (command) => {
  const data = join(await temporaryFolder(), 'nothing')
  expect(await runSpanlake([...command, '--data', data])).toMatchObject({
    code: 1,
    stderr: `spanlake: data directory must hold spans, ${data}\n`,
  })
  await expect(readdir(data)).rejects.toMatchObject({ code: 'ENOENT' })
})
