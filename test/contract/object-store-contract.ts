import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/adapters/memory/random.ts'
import { deleteKeysMax, objectKeyBytesMax } from '../../src/limits.ts'
import { type ByteRange, listAll, type ObjectStore } from '../../src/ports/object-store.ts'

export interface ObjectStoreContractOptions {
  /** A new, empty store. One that pages by few entries, and takes few bytes, is tested at those bounds. */
  readonly open: () => Promise<ObjectStore>
  /** What this adapter does not keep of the contract, each with its reason. */
  readonly exceptions: readonly ObjectStoreException[]
}

export interface ObjectStoreException {
  /** `object-below-object`: `a` and `a/b` do not stand at once. `bound-not-written`: the largest body is not tried. */
  readonly name: 'object-below-object' | 'bound-not-written'
  readonly reason: string
}

/** The contract of `src/ports/object-store.ts` in running form. It runs wherever vitest does. */
export function objectStoreContract(name: string, options: ObjectStoreContractOptions): void {
  const { open, exceptions } = options
  describe(`object store contract: ${name}`, () => {
    putContract(open)
    updateContract(open)
    getContract(open)
    listContract(open)
    deleteContract(open)
    keyContract(open)
    exceptionalContract(open, exceptions)
  })
}

type Open = () => Promise<ObjectStore>

const create = { kind: 'create' } as const
const overwrite = { kind: 'overwrite' } as const

function putContract(open: Open): void {
  test('what is written is there: for get, for list, and with one version', async () => {
    const store = await open()
    const version = await written(store, 'a/b', bytesOf('hello'))
    expect(await store.get('a/b')).toEqual({ body: bytesOf('hello'), bytes: 5, version })
    const { entries, more } = await store.list('')
    expect(more).toBe(false)
    expect(entries).toEqual([{ key: 'a/b', bytes: 5, version, modifiedMs: expect.any(Number) }])
    expect(entries[0]?.modifiedMs).toBeGreaterThan(0)
  })

  test('an empty object is an object', async () => {
    const store = await open()
    await written(store, 'empty', new Uint8Array(0))
    expect(await store.get('empty')).toMatchObject({ body: new Uint8Array(0), bytes: 0 })
    expect(await keysOf(store, '')).toEqual(['empty'])
  })

  test('create where something stands is a conflict and leaves it', async () => {
    const store = await open()
    await written(store, 'k', bytesOf('first'))
    expect(await store.put('k', bytesOf('second'), create)).toEqual({ kind: 'conflict' })
    expect(await textAt(store, 'k')).toBe('first')
  })

  test('of racing creates of one key exactly one is written, and stands', async () => {
    const store = await open()
    for (let round = 0; round < 5; round++) {
      const key = `race/${round}/key`
      const bodies = Array.from({ length: 16 }, (_, maker) => bytesOf(`maker ${maker}`))
      const results = await Promise.all(bodies.map((body) => store.put(key, body, create)))
      const winners = results.flatMap(({ kind }, maker) => (kind === 'written' ? [maker] : []))
      expect(winners).toHaveLength(1)
      expect(await textAt(store, key)).toBe(`maker ${winners[0]}`)
    }
  })

  test('overwrite writes where nothing stands, and over what stands', async () => {
    const store = await open()
    const first = await written(store, 'k', bytesOf('first'), overwrite)
    const second = await written(store, 'k', bytesOf('other'), overwrite)
    expect(second).not.toBe(first)
    expect(await store.get('k')).toEqual({ body: bytesOf('other'), bytes: 5, version: second })
    expect(await keysOf(store, '')).toEqual(['k'])
  })

  test('readers meet whole objects while they are overwritten', async () => {
    const store = await open()
    const bodyOf = (round: number): Uint8Array => new Uint8Array(3_000 + 100 * round).fill(round)
    await written(store, 'k', bodyOf(0))
    let done = false
    const read = async (): Promise<void> => {
      while (!done) {
        const { body = new Uint8Array(1) } = (await store.get('k')) ?? {}
        expect(body).toEqual(bodyOf(body[0] ?? 0))
        await new Promise((resolve) => setTimeout(resolve))
      }
    }
    const write = async (): Promise<void> => {
      for (let round = 1; round <= 10; round++) await written(store, 'k', bodyOf(round), overwrite)
      done = true
    }
    await Promise.all([read(), read(), write().finally(() => (done = true))])
    expect(await store.get('k')).toMatchObject({ body: bodyOf(10) })
  })

  test('the body stays as it was, and what stands does not follow it', async () => {
    const store = await open()
    const whole = bytesOf('..hello..')
    const body = whole.subarray(2, 7)
    await written(store, 'k', body)
    expect(whole).toEqual(bytesOf('..hello..'))
    body.fill(0)
    expect(await textAt(store, 'k')).toBe('hello')
    await written(store, 'k2', body)
    expect(await store.get('k2')).toMatchObject({ body: new Uint8Array(5) })
  })

  test('one byte more than the largest body is refused, and nothing is written', async () => {
    const store = await open()
    const body = new Uint8Array(store.maxPutBytes + 1)
    for (const mode of [create, overwrite]) {
      await expect(store.put('large', body, mode)).rejects.toMatchObject({ kind: 'too-large' })
    }
    expect(await keysOf(store, '')).toEqual([])
  })
}

function updateContract(open: Open): void {
  const update = (version: string) => ({ kind: 'update', version }) as const

  test('update writes over the version named', async () => {
    const store = await open()
    const first = await written(store, 'k', bytesOf('first'))
    const second = await written(store, 'k', bytesOf('other'), update(first))
    expect(second).not.toBe(first)
    expect(await store.get('k')).toEqual({ body: bytesOf('other'), bytes: 5, version: second })
    await written(store, 'k', bytesOf('third'), update(second))
    expect(await textAt(store, 'k')).toBe('third')
  })

  test('update over another version, or over nothing, is a conflict and leaves it', async () => {
    const store = await open()
    const first = await written(store, 'k', bytesOf('first'))
    await written(store, 'k', bytesOf('other'), overwrite)
    expect(await store.put('k', bytesOf('third'), update(first))).toEqual({ kind: 'conflict' })
    expect(await textAt(store, 'k')).toBe('other')
    expect(await store.put('none', bytesOf('x'), update(first))).toEqual({ kind: 'conflict' })
    expect(await store.get('none')).toBeUndefined()
  })

  test('of racing updates of one version exactly one is written, and stands', async () => {
    const store = await open()
    let version = await written(store, 'k', bytesOf('start 0'))
    for (let round = 0; round < 5; round++) {
      const bodies = Array.from({ length: 8 }, (_, maker) => bytesOf(`maker ${maker}`))
      const results = await Promise.all(bodies.map((body) => store.put('k', body, update(version))))
      const winners = results.flatMap(({ kind }, maker) => (kind === 'written' ? [maker] : []))
      expect(winners).toHaveLength(1)
      expect(await textAt(store, 'k')).toBe(`maker ${winners[0]}`)
      version = (await store.get('k'))?.version ?? ''
    }
  })
}

function getContract(open: Open): void {
  test('a missing object is undefined, with and without a range', async () => {
    const store = await open()
    await written(store, 'folder/object', bytesOf('x'))
    for (const key of ['none', 'folder', 'folder/none', 'folder/object2']) {
      expect(await store.get(key)).toBeUndefined()
      expect(await store.get(key, { suffix: 1 })).toBeUndefined()
      expect(await store.get(key, { offset: 0, length: 1 })).toBeUndefined()
    }
  })

  const ranges: [string, ByteRange, string][] = [
    ['the beginning', { offset: 0, length: 3 }, '012'],
    ['the middle', { offset: 4, length: 2 }, '45'],
    ['one byte', { offset: 9, length: 1 }, '9'],
    ['the whole', { offset: 0, length: 10 }, '0123456789'],
    ['past the end is cut', { offset: 8, length: 3 }, '89'],
    ['far past the end is cut', { offset: 8, length: 2 ** 31 }, '89'],
    ['begins at the end', { offset: 10, length: 1 }, ''],
    ['begins past the end', { offset: 11, length: 5 }, ''],
    ['no bytes', { offset: 3, length: 0 }, ''],
    ['a suffix', { suffix: 3 }, '789'],
    ['a suffix as large as the object', { suffix: 10 }, '0123456789'],
    ['a suffix larger than the object', { suffix: 11 }, '0123456789'],
    ['a suffix of no bytes', { suffix: 0 }, ''],
  ]
  test('ranges', async () => {
    const store = await open()
    const version = await written(store, 'k', bytesOf('0123456789'))
    for (const [what, range, text] of ranges) {
      const found = await store.get('k', range)
      expect(found, what).toEqual({ body: bytesOf(text), bytes: 10, version })
    }
  })

  test('ranges of an empty object are empty', async () => {
    const store = await open()
    await written(store, 'k', new Uint8Array(0))
    for (const range of [{ suffix: 5 }, { offset: 0, length: 5 }, { offset: 3, length: 1 }]) {
      expect(await store.get('k', range)).toMatchObject({ body: new Uint8Array(0), bytes: 0 })
    }
  })

  test('the caller owns the bytes', async () => {
    const store = await open()
    await written(store, 'k', bytesOf('hello'))
    for (const range of [undefined, { offset: 0, length: 5 }, { suffix: 5 }]) {
      const found = await store.get('k', range)
      found?.body.fill(0)
      expect(await textAt(store, 'k')).toBe('hello')
    }
  })
}

function listContract(open: Open): void {
  // A slash sorts behind a dash and a dot, and before a digit: a folder's place is not that of its name.
  const neighbours = [
    'A',
    'a-b/x',
    'a-c',
    'a.b',
    'a/B',
    'a/b-1',
    'a/b/c',
    'a/b0',
    'a0',
    'a~',
    'b/a',
  ]

  test('keys come in byte order', async () => {
    const store = await open()
    for (const key of neighbours.toReversed()) await written(store, key, bytesOf(key))
    expect(await keysOf(store, '')).toEqual(neighbours)
  })

  test('every prefix and every place to go on from, as a sorted list would answer', async () => {
    const store = await open()
    const random = seededRandom(7)
    const keys = arbitraryKeys(random.below, 40)
    for (const key of keys) await written(store, key, bytesOf(key))
    const sorted = keys.toSorted()
    expect(await keysOf(store, '')).toEqual(sorted)
    for (let round = 0; round < 150; round++) {
      const some = sorted[random.below(sorted.length)] ?? ''
      const prefix = some.slice(0, random.below(some.length + 1))
      const other = sorted[random.below(sorted.length)] ?? ''
      const after = ['', other, other.slice(0, 1 + random.below(other.length)), `${other}-`]
      const from = after[random.below(after.length)] ?? ''
      const expected = sorted.filter((key) => key.startsWith(prefix) && key > from)
      expect(await keysOf(store, prefix, from), `'${prefix}' after '${from}'`).toEqual(expected)
    }
  })

  test('pages follow one another without a gap, and the last one says so', async () => {
    const store = await open()
    const keys = Array.from({ length: 23 }, (_, i) => `p/${String(i % 3)}/${100 + i}`).sort()
    await Promise.all(keys.map((key) => written(store, key, bytesOf(key))))
    const seen: string[] = []
    for (;;) {
      const { entries, more } = await store.list('p/', seen.at(-1))
      seen.push(...entries.map(({ key }) => key))
      if (!more) break
      // A page that says there are more and brings none would never end.
      expect(entries).not.toHaveLength(0)
    }
    expect(seen).toEqual(keys)
  })

  test('nothing under a prefix is an empty page', async () => {
    const store = await open()
    await written(store, 'a/b', bytesOf('x'))
    for (const [prefix, after] of [['b'], ['a/b/'], ['a/bc'], ['a/', 'a/b'], ['', 'b']]) {
      expect(await store.list(prefix ?? '', after)).toEqual({ entries: [], more: false })
    }
  })

  test('what was written before the call is there, what was deleted before is not', async () => {
    const store = await open()
    for (let round = 0; round < 10; round++) {
      await written(store, `f/${round}`, bytesOf('x'))
      expect(await keysOf(store, 'f/')).toEqual([`f/${round}`])
      await store.delete([`f/${round}`])
      expect(await keysOf(store, 'f/')).toEqual([])
    }
  })
}

function deleteContract(open: Open): void {
  test('delete removes what it names and nothing else; what is missing is no error', async () => {
    const store = await open()
    for (const key of ['a', 'd/b', 'd/c', 'e']) await written(store, key, bytesOf(key))
    await store.delete(['d/b', 'none', 'e', 'd/none', 'none/none'])
    await store.delete(['d/b'])
    await store.delete(['d'])
    await store.delete([])
    expect(await keysOf(store, '')).toEqual(['a', 'd/c'])
    expect(await store.get('e')).toBeUndefined()
  })

  test('a key that was deleted can be created again, in a folder that became empty', async () => {
    const store = await open()
    await written(store, 'd/a', bytesOf('first'))
    await store.delete(['d/a'])
    await written(store, 'd/a', bytesOf('again'))
    expect(await textAt(store, 'd/a')).toBe('again')
  })

  test(`${deleteKeysMax} keys at a time, and not one more`, async () => {
    const store = await open()
    await written(store, 'k/5', bytesOf('x'))
    const keys = Array.from({ length: deleteKeysMax }, (_, i) => `k/${i}`)
    await expect(store.delete([...keys, 'k/more'])).rejects.toMatchObject({ kind: 'invalid' })
    expect(await keysOf(store, '')).toEqual(['k/5'])
    await store.delete(keys)
    expect(await keysOf(store, '')).toEqual([])
  })
}

function keyContract(open: Open): void {
  const longest = `${'k'.repeat(204)}/`.repeat(5).slice(0, objectKeyBytesMax)

  test('every printable character, and keys as long as may be', async () => {
    const store = await open()
    const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i))
    const keys = [printable.replace('/', ''), '.hidden', 'a/...', 'a..b', '%2e%2e/x', longest]
    for (const key of keys) await written(store, key, bytesOf(key))
    expect(await keysOf(store, '')).toEqual(keys.toSorted())
    for (const key of keys) expect(await textAt(store, key)).toBe(key)
    await store.delete(keys)
    expect(await keysOf(store, '')).toEqual([])
  })

  test('any other key is refused, and nothing is written', async () => {
    const store = await open()
    const unnamed = ['', '/', '/a', 'a/', 'a//b', '.', '..', './a', '../a', 'a/.', 'a/../b', 'a/..']
    const unprintable = ['a b', 'a\0', 'a\n', 'a\u007f', 'ä', 'a/\u2028', '\ud800']
    for (const key of [...unnamed, ...unprintable, `${longest}k`]) {
      const refused = expect.objectContaining({ kind: 'invalid' })
      await expect(store.put(key, bytesOf('x'), create), key).rejects.toEqual(refused)
      await expect(store.put(key, bytesOf('x'), overwrite), key).rejects.toEqual(refused)
      await expect(store.get(key), key).rejects.toEqual(refused)
      await expect(store.delete([key]), key).rejects.toEqual(refused)
    }
    expect(await keysOf(store, '')).toEqual([])
  })
}

function exceptionalContract(open: Open, exceptions: readonly ObjectStoreException[]): void {
  const unless = (name: ObjectStoreException['name']) => {
    const exception = exceptions.find((other) => other.name === name)
    return exception ? { suffix: ` (not here: ${exception.reason})`, run: test.skip } : plain
  }
  const plain = { suffix: '', run: test }

  const bound = unless('bound-not-written')
  bound.run(`the largest body is taken${bound.suffix}`, async () => {
    const store = await open()
    const body = new Uint8Array(store.maxPutBytes).fill(7)
    await written(store, 'large', body)
    expect(await store.get('large', { suffix: 2 })).toMatchObject({
      body: new Uint8Array([7, 7]),
      bytes: body.length,
    })
  })

  const below = unless('object-below-object')
  below.run(`an object and others below its key${below.suffix}`, async () => {
    const store = await open()
    await written(store, 'a', bytesOf('a'))
    await written(store, 'a/b', bytesOf('a/b'))
    expect(await keysOf(store, '')).toEqual(['a', 'a/b'])
  })
}

/** Keys from few characters, so that many share beginnings; none is a folder of another. */
function arbitraryKeys(below: (count: number) => number, count: number): string[] {
  const keys: string[] = []
  while (keys.length < count) {
    const length = 1 + below(7)
    const key = Array.from({ length }, () => 'ab-./0'[below(6)]).join('')
    const isNamed = key.split('/').every((part) => !['', '.', '..'].includes(part))
    const clashes = keys.some(
      (other) => `${other}/`.startsWith(`${key}/`) || `${key}/`.startsWith(`${other}/`),
    )
    if (isNamed && !clashes) keys.push(key)
  }
  return keys
}

async function written(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  mode: Parameters<ObjectStore['put']>[2] = create,
): Promise<string> {
  const result = await store.put(key, body, mode)
  if (result.kind !== 'written') throw new Error(`${key} must be written, got ${result.kind}`)
  return result.version
}

async function keysOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of listAll(store, prefix, after)) keys.push(key)
  return keys
}

async function textAt(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.get(key)
  return found && new TextDecoder().decode(found.body)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
