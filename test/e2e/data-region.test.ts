import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storeFolder } from '../../functions/node/data-folders.ts'
import { testRequest, testSpan } from '../helpers/otlp-json.ts'
import { runSpanlake, startSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

/** A data directory of region `eu` with a span file in it, and the trace of its span. */
async function compactedData(): Promise<{ data: string; traceId: string }> {
  const data = await temporaryFolder()
  const span = testSpan()
  const flags = ['--data', data, '--region', 'eu']
  const imported = await runSpanlake(['import', '-', ...flags], { stdin: testRequest([span]) })
  expect(imported).toMatchObject({ code: 0 })
  expect(await runSpanlake(['compact', ...flags])).toMatchObject({ code: 0 })
  return { data, traceId: span.traceId }
}

async function spanFilesIn(data: string): Promise<string[]> {
  const files = await readdir(join(storeFolder(data), 'default/spans'), { recursive: true })
  return files.filter((file) => file.endsWith('.parquet'))
}

/** As a release left it that remembered no region. */
async function forgotten(data: string): Promise<void> {
  await rm(join(data, 'region'), { force: true })
}

test('commands take the region that the data directory is of', async () => {
  const { data, traceId } = await compactedData()
  expect(await readFile(join(data, 'region'), 'utf8')).toBe('eu\n')
  for (const command of [['expire'], ['sweep', '--grace', '0ms'], ['compact'], ['fsck']]) {
    expect(await runSpanlake([...command, '--data', data]), command[0]).toMatchObject({ code: 0 })
  }
  expect(await readdir(join(storeFolder(data), 'default/index'))).toEqual(['eu'])
  expect(await spanFilesIn(data)).toHaveLength(1)
  expect(await runSpanlake(['trace', traceId, '--data', data])).toMatchObject({ code: 0 })
  const server = await startSpanlake(data)
  expect(server.log()).toContain('"region":"eu"')
  expect(await server.stop('SIGTERM')).toBe(0)
})

test('another region than the data directory is of is refused in one line', async () => {
  const { data } = await compactedData()
  const refusal = {
    code: 1,
    stderr: `spanlake: data directory ${data} is of region eu, got local\n`,
  }
  const commands = [
    ['serve', '--listen', '127.0.0.1:0'],
    ['import', '-'],
    ['compact'],
    ['expire'],
    ['sweep'],
    ['fsck'],
    ['dead', 'list'],
    ['dead', 'replay', '--all'],
  ]
  for (const command of commands) {
    const given = [...command, '--data', data, '--region', 'local']
    expect(await runSpanlake(given, { msMax: 20_000 }), command[0]).toMatchObject(refusal)
  }
  const env = { SPANLAKE_REGION: 'local' }
  expect(await runSpanlake(['sweep', '--data', data], { env })).toMatchObject(refusal)
  expect(await readdir(join(storeFolder(data), 'default/index'))).toEqual(['eu'])
})

test('a data directory from before is of the one region that it has an index of', async () => {
  const { data } = await compactedData()
  await forgotten(data)
  expect(await runSpanlake(['sweep', '--data', data, '--region', 'local'])).toMatchObject({
    code: 1,
    stderr: `spanlake: data directory ${data} is of region eu, got local\n`,
  })
  await forgotten(data)
  expect(await runSpanlake(['fsck', '--data', data])).toMatchObject({ code: 0 })
  expect(await readFile(join(data, 'region'), 'utf8')).toBe('eu\n')
})

test('a data directory from before with the indexes of several regions is refused, until one is named', async () => {
  const { data } = await compactedData()
  await forgotten(data)
  const other = join(storeFolder(data), 'default/index/local/manifest')
  await mkdir(other, { recursive: true })
  await writeFile(join(other, '0000000001'), '')
  for (const region of [[], ['--region', 'eu']]) {
    const { code, stderr } = await runSpanlake(['sweep', '--data', data, ...region])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^spanlake: data directory .* regions, eu, local: .*\n$/)
    expect(stderr).toContain(join(data, 'region'))
  }
  await writeFile(join(data, 'region'), 'eu\n')
  expect(await runSpanlake(['fsck', '--data', data])).toMatchObject({ code: 0 })
})

test('a command on a folder that holds nothing decides no region, and makes no folder', async () => {
  const data = join(await temporaryFolder(), 'nothing')
  expect(await runSpanlake(['compact', '--data', data])).toMatchObject({
    code: 1,
    stderr: `spanlake: data directory must hold spans, ${data}\n`,
  })
  await expect(readdir(data)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a region file that names no region is refused', async () => {
  const { data } = await compactedData()
  await writeFile(join(data, 'region'), '')
  const { code, stderr } = await runSpanlake(['fsck', '--data', data])
  expect({ code, stderr }).toMatchObject({ code: 1 })
  expect(stderr).toMatch(/^spanlake: region file .* region must be .*\n$/)
})
