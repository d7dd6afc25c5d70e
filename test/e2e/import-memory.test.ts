import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateRequestsLazily } from '../../functions/node/demo/generate-spans.ts'
import { runSpanlake } from '../helpers/spanlake-process.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const mib = 1024 ** 2
/** What the import may hold at most: interpreter, SQLite, what is on its way, a flush. */
const memoryMaxBytes = 600 * mib
const importedBytesMin = 1024 * mib

test.runIf(process.platform === 'linux')(
  'an import of more than the memory it may take ends well',
  { timeout: 300_000 },
  async () => {
    const folder = await temporaryFolder()
    const { files, bytes, spans } = await writeRequests(folder)
    expect(bytes).toBeGreaterThan(importedBytesMin)

    const { code, stderr, peakBytes } = await runSpanlake([
      'import',
      ...files,
      '--data',
      join(folder, 'data'),
    ])
    expect(stderr).toContain(`${spans.toLocaleString('en-US')} spans`)
    expect(code).toBe(0)
    expect(peakBytes).toBeGreaterThan(50 * mib)
    expect(peakBytes).toBeLessThan(memoryMaxBytes)
  },
)

async function writeRequests(folder: string) {
  const files: string[] = []
  let bytes = 0
  const spans = 3_200_000
  for (const body of generateRequestsLazily({ seed: 1, spans, spansPerRequest: 8_000 })) {
    const file = join(folder, `${files.length}.pb`)
    await writeFile(file, body)
    files.push(file)
    bytes += body.length
  }
  return { files, bytes, spans }
}
