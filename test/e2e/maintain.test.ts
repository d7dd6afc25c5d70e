import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storeFolder } from '../../functions/node/data-folders.ts'
import { testRequest, testSpan } from '../helpers/otlp-json.ts'
import { runSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** A data directory with a fresh file of one span for each tenant. */
async function dataOf(...tenants: string[]): Promise<string> {
  const data = await temporaryFolder()
  for (const tenant of tenants) await imported(data, tenant)
  return data
}

async function imported(data: string, tenant: string): Promise<void> {
  const stdin = testRequest([testSpan()])
  const { code } = await runSpanlake(['import', '-', '--data', data, '--tenant', tenant], { stdin })
  expect(code).toBe(0)
}

type Line = Readonly<Record<string, unknown>>

async function run(...args: string[]) {
  return runWith({}, ...args)
}

async function runWith(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { code, stdout, stderr } = await runSpanlake(args, { env })
  const lines = stdout.split('\n').filter(Boolean)
  return { code, stderr, lines: lines.map((line) => JSON.parse(line) as Line) }
}

async function breakManifests(data: string, tenant: string): Promise<void> {
  const folder = join(storeFolder(data), tenant, 'index/local/manifest')
  for (const name of await readdir(folder)) await writeFile(join(folder, name), 'broken')
}

test('compact says what it read, wrote and left', async () => {
  const data = await dataOf('acme', 'acme')
  expect((await run('compact', '--data', data)).lines).toEqual([
    {
      tenant: 'acme',
      merges: 1,
      mergedFilesRead: 2,
      filesWritten: 1,
      spansMerged: 2,
      bytesWritten: expect.any(Number),
      freshFiles: 0,
      spanFiles: 1,
      complete: true,
    },
  ])
  const [again] = (await run('compact', '--data', data)).lines
  expect(again).toMatchObject({ merges: 0, freshFiles: 0, spanFiles: 1, complete: true })
})

test('a tenant whose manifest is corrupt is told of, and the others are maintained', async () => {
  const data = await dataOf('acme', 'beta', 'zeta')
  expect(await run('compact', '--data', data)).toMatchObject({ code: 0 })
  await imported(data, 'zeta')
  await breakManifests(data, 'beta')
  for (const command of ['compact', 'expire', 'sweep']) {
    const { code, stderr, lines } = await run(command, '--data', data)
    expect(code, command).toBe(1)
    expect(stderr.match(/^beta: .*manifest.*$/gm), command).toHaveLength(1)
    expect(lines.map(({ tenant }) => tenant)).toEqual(['acme', 'zeta'])
  }
  const { code, stderr, lines } = await run('fsck', '--data', data)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^beta: manifest .*\n$/)
  expect(lines).toMatchObject([
    { tenant: 'acme', problems: 0, spanFiles: 1 },
    { tenant: 'beta', problems: 1, unnamed: 0 },
    { tenant: 'zeta', problems: 0, freshFiles: 0 },
  ])
})

test('expire keeps spans as long as the tokens file says, unless the command line says otherwise', async () => {
  const data = await dataOf('acme', 'beta')
  expect(await run('compact', '--data', data)).toMatchObject({ code: 0 })
  const file = join(data, 'tokens.json')
  const tokens = [{ name: 'a', sha256: 'a'.repeat(64), roles: ['write'], tenants: ['acme'] }]
  await writeFile(file, JSON.stringify({ tokens, tenants: { acme: { retention: '90d' } } }))
  const daysOf = ({ receivedBefore }: Line) =>
    receivedBefore === null
      ? null
      : Math.floor((Date.now() - Date.parse(receivedBefore as string)) / dayMs)
  const expire = ['expire', '--data', data]

  const byDefault = { SPANLAKE_RETENTION: '60d', SPANLAKE_TOKENS: file }
  expect((await runWith(byDefault, ...expire)).lines.map(daysOf)).toEqual([90, 60])
  const byFile = await run(...expire, '--tokens', file)
  expect(byFile.lines.map(daysOf)[1]).toBe(30)
  const given = await run(...expire, '--tokens', file, '--retention', '7d')
  expect(given.lines.map(daysOf)).toEqual([7, 7])
  expect(await run(...expire, '--tokens', join(data, 'none'))).toMatchObject({
    code: 1,
    stderr: `spanlake: tokens file must be readable, got ${join(data, 'none')}\n`,
  })
})

test('a tenant that has nothing is refused: its name is mistyped', async () => {
  const data = await dataOf('acme')
  for (const command of ['compact', 'expire', 'sweep', 'fsck']) {
    expect(await run(command, '--data', data, '--tenant', 'acne'), command).toMatchObject({
      code: 1,
      stderr: 'spanlake: tenant must have objects, got acne\n',
      lines: [],
    })
  }
})
