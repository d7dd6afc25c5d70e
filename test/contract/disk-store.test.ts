import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { objectStoreContract } from './object-store-contract.ts'

objectStoreContract('disk', {
  open: async () =>
    diskStore(await temporaryFolder(), { owner: true, maxPutBytes: 5_000, pageEntries: 4 }),
  exceptions: [
    { name: 'object-below-object', reason: 'a file is no folder; no two keys of ours are so' },
  ],
})

describe('disk store', () => {
  const body = new TextEncoder().encode('hello')
  const create = { kind: 'create' } as const

  test('every object is the file at its key, and nothing else lies about', async () => {
    const folder = await temporaryFolder()
    const store = await diskStore(folder, { owner: true })
    await store.put('a/b', body, create)
    await store.put('a/b', body, create)
    await store.put('a/b', body, { kind: 'overwrite' })
    await store.put('a/b', body, { kind: 'update', version: 'another' })
    expect(await readFile(join(folder, 'a/b'), 'utf8')).toBe('hello')
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['.tmp', 'a', 'a/b'])
  })

  test('a part of a key holds 255 bytes, and not one more', async () => {
    const store = await diskStore(await temporaryFolder())
    await store.put(`a/${'k'.repeat(255)}`, body, create)
    const refused = store.put(`a/${'k'.repeat(256)}`, body, create)
    await expect(refused).rejects.toMatchObject({ kind: 'invalid' })
  })

  test('a key above or below an object is refused', async () => {
    const store = await diskStore(await temporaryFolder())
    await store.put('a/b/c', body, create)
    for (const mode of [create, { kind: 'overwrite' } as const]) {
      for (const key of ['a', 'a/b', 'a/b/c/d', 'a/b/c/d/e']) {
        await expect(store.put(key, body, mode), key).rejects.toMatchObject({ kind: 'invalid' })
      }
    }
    expect((await store.list('')).entries).toHaveLength(1)
  })

  test('the owner clears what a crash left half written, another thread does not', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, '.tmp'))
    await writeFile(join(folder, '.tmp/draft'), 'half')
    const other = await diskStore(folder)
    expect(await readdir(join(folder, '.tmp'))).toEqual(['draft'])
    for (const key of ['.tmp/draft', '.tmp']) {
      await expect(other.get(key)).rejects.toMatchObject({ kind: 'invalid' })
    }
    expect((await other.list('')).entries).toEqual([])
    await diskStore(folder, { owner: true })
    expect(await readdir(join(folder, '.tmp'))).toEqual([])
  })

  test('what somebody else put into the folder is no object', async () => {
    const folder = await temporaryFolder()
    const outside = await temporaryFolder()
    await writeFile(join(outside, 'secret'), 'secret')
    const store = await diskStore(folder)
    await store.put('a/b', body, create)
    await symlink(join(outside, 'secret'), join(folder, 'a/link'))
    await symlink(outside, join(folder, 'outside'))
    await writeFile(join(folder, 'a/with space'), 'x')
    expect((await store.list('')).entries.map(({ key }) => key)).toEqual(['a/b'])
    expect(await store.get('a/link')).toBeUndefined()
    await store.put('a/link', body, { kind: 'overwrite' })
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
    expect(await store.get('a/link')).toMatchObject({ body })
  })

  test('on a disk that folds case, keys in upper case are refused', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, '.TMP')) // so such a disk shows the folder of drafts
    const store = await diskStore(folder)
    await store.put('shop/a', body, create)
    await expect(store.put('Shop/a', body, create)).rejects.toMatchObject({ kind: 'invalid' })
    await expect(store.get('Shop/a')).rejects.toMatchObject({ kind: 'invalid' })
  })

  test('trouble with the disk is unavailable, with its cause', async () => {
    const folder = await temporaryFolder()
    const store = await diskStore(folder)
    await rm(join(folder, '.tmp'), { recursive: true })
    await expect(store.put('a', body, create)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'store put failed for a',
      cause: { code: 'ENOENT' },
    })
  })
})
