import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { durableFolders, makeDurableFolder } from '../../../../src/adapters/node/durable-folder.ts'
import { temporaryFolder } from '../../../helpers/temporary-folder.ts'

test('a folder is made with those above it, by several at once', async () => {
  const root = await temporaryFolder()
  const folders = ['a/b/c', 'a/b/c', 'a/b/d', 'a'].map((name) => join(root, name))
  await Promise.all([...folders.map(makeDurableFolder), ...folders.map(durableFolders(root))])
  for (const folder of folders) expect((await stat(folder)).isDirectory()).toBe(true)
  await makeDurableFolder(folders[0] as string)
})

test.each([makeDurableFolder, durableFolders('/')])(
  'what cannot be made is refused',
  async (make) => {
    const root = await temporaryFolder()
    await writeFile(join(root, 'file'), '')
    await expect(make(join(root, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(make(join(root, 'file/a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(make(`${root}/a\0b`)).rejects.toThrow(/null bytes/)
  },
)

// Node's recursive mkdir goes round for ever there.
test.runIf(process.platform === 'linux')('a folder in /proc is refused', async () => {
  await expect(makeDurableFolder('/proc/a/b')).rejects.toMatchObject({ code: 'ENOENT' })
})
