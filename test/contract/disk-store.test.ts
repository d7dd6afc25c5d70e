import { spawn } from 'node:child_process'
import { lutimes, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskStore } from '../../src/adapters/node/disk-store.ts'
import { makerName } from '../../src/adapters/node/left-behind.ts'
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

  test('the owner clears what processes that are gone left half written, another thread does not', async () => {
    const folder = await temporaryFolder()
    const temporary = join(folder, '.tmp')
    await mkdir(temporary)
    const old = ['draft', `${process.ppid}@elsewhere,0,1,1`]
    const young = ['another', `${makerName(process.ppid)},0,1,2`, '1@elsewhere,0,1,3']
    const gone = `${makerName(await deadPid())},0,1,4`
    for (const name of [...old, ...young, gone]) await writeFile(join(temporary, name), 'half')
    for (const name of old) await aged(join(temporary, name))
    await symlink(gone.split(',')[0]!, join(temporary, 'lock-gone'))
    await symlink(makerName(process.ppid), join(temporary, 'lock-held'))
    const other = await diskStore(folder)
    expect(await readdir(temporary)).toHaveLength(8)
    for (const key of ['.tmp/draft', '.tmp']) {
      await expect(other.get(key)).rejects.toMatchObject({ kind: 'invalid' })
    }
    expect((await other.list('')).entries).toEqual([])
    await diskStore(folder, { owner: true })
    expect((await readdir(temporary)).sort()).toEqual([...young, 'lock-held'].sort())
  })

  test('owners that open beside stores at work break nothing', async () => {
    const folder = await temporaryFolder()
    const store = await diskStore(folder)
    let done = false
    const open = async () => {
      while (!done) await diskStore(folder, { owner: true })
    }
    const opening = open()
    try {
      for (let round = 0; round < 50; round++) {
        await Promise.all([
          store.put(`a/${round}`, body, create),
          store.put('b', body, { kind: 'overwrite' }),
          store.delete(['b', `c/${round}`]),
        ])
      }
    } finally {
      done = true
    }
    await opening
    expect((await store.list('a/')).entries).toHaveLength(50)
  })

  test.each([
    ['a process that is gone', async () => makerName(await deadPid()), false],
    ['an earlier process of our own id', async () => makerName(), true],
    ['another machine, hours ago', async () => '1@elsewhere', true],
  ])('the lock of %s is taken over, by one at a time', async (_, maker, isOld) => {
    const folder = await temporaryFolder()
    const stores = await Promise.all(Array.from({ length: 8 }, () => diskStore(folder)))
    const first = await stores[0]!.put('a/b', body, create)
    if (first.kind !== 'written') throw new Error('must be written')
    const lock = join(folder, '.tmp', `lock-${encodeURIComponent(join(folder, 'a/b')).slice(-200)}`)
    await symlink(await maker(), lock)
    if (isOld) await aged(lock)
    const update = { kind: 'update', version: first.version } as const
    const racing = await Promise.all(stores.map((store) => store.put('a/b', body, update)))
    expect(racing.filter(({ kind }) => kind === 'written')).toHaveLength(1)
    expect(await readdir(join(folder, '.tmp'))).toEqual([])
  })

  test('a lock that is held is waited for', async () => {
    const folder = await temporaryFolder()
    const store = await diskStore(folder)
    const lock = join(folder, '.tmp', `lock-${encodeURIComponent(join(folder, 'a')).slice(-200)}`)
    await symlink(makerName(process.ppid), lock)
    let written = false
    const writing = store.put('a', body, { kind: 'overwrite' }).then(() => (written = true))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(written).toBe(false)
    await rm(lock)
    expect(await writing).toBe(true)
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

  test('a folder that is gone is no empty store', async () => {
    const folder = await temporaryFolder()
    const store = await diskStore(folder)
    expect(await store.list('shop/')).toMatchObject({ entries: [] })
    await rm(folder, { recursive: true })
    await expect(store.list('shop/')).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await new Promise((resolve) => child.on('close', resolve))
  return child.pid!
}

async function aged(path: string): Promise<void> {
  const then = new Date(Date.now() - 2 * 3_600_000)
  await lutimes(path, then, then)
}
