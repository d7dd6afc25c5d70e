import { expect, test } from 'vitest'
import { steppedClock } from '../../../src/adapters/memory/clock.ts'
import { gatherEnvelopes, sendEach } from '../../../src/ingest/gather-envelopes.ts'
import { gatherBytesMax } from '../../../src/limits.ts'
import type { Queue } from '../../../src/ports/queue.ts'

/** A queue whose sends end when the test says so. */
function heldQueue(maxMessageBytes = 1e9) {
  const sends: { readonly text: string; readonly end: (error?: Error) => void }[] = []
  const queue: Queue = {
    maxMessageBytes,
    send: (body) =>
      new Promise((resolve, reject) => {
        const text = new TextDecoder().decode(body)
        sends.push({ text, end: (error) => (error ? reject(error) : resolve()) })
      }),
  }
  return { queue, sends }
}

const clock = steppedClock(0)
const bytes = (text: string) => new TextEncoder().encode(text)
const settled = () => new Promise((resolve) => setTimeout(resolve, 1))

test('envelopes that come together travel together, those that come meanwhile in the next message', async () => {
  const { queue, sends } = heldQueue()
  const sender = gatherEnvelopes(queue, { clock })
  const done: string[] = []
  const send = (text: string) => sender.send(bytes(text)).then(() => done.push(text))
  const first = [send('a'), send('b'), send('c')]
  await settled()
  expect(sends.map(({ text }) => text)).toEqual(['abc'])
  const second = [send('d'), send('e')]
  await settled()
  expect(sends).toHaveLength(1)
  expect(done).toEqual([])
  sends[0]?.end()
  await Promise.all(first)
  expect(done).toEqual(['a', 'b', 'c'])
  await settled()
  expect(sends.map(({ text }) => text)).toEqual(['abc', 'de'])
  sends[1]?.end()
  await Promise.all(second)
  const third = send('f')
  await settled()
  sends[2]?.end()
  await third
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('each caller learns the fate of its own message', async () => {
  const { queue, sends } = heldQueue()
  const sender = gatherEnvelopes(queue, { clock })
  const first = [sender.send(bytes('a')), sender.send(bytes('b'))].map((sent) => sent.catch(String))
  await settled()
  const second = sender.send(bytes('c'))
  sends[0]?.end(new Error('refused'))
  expect(await Promise.all(first)).toEqual(['Error: refused', 'Error: refused'])
  await settled()
  sends[1]?.end()
  await expect(second).resolves.toBeUndefined()
})

test('messages stay within the bound, and one large envelope travels alone', async () => {
  const { queue, sends } = heldQueue()
  const sender = gatherEnvelopes(queue, { clock })
  const half = 'h'.repeat(gatherBytesMax / 2)
  const large = 'L'.repeat(gatherBytesMax + 1)
  const all = [half, half, 'x', large, 'y'].map((text) => sender.send(bytes(text)))
  for (let i = 0; i < 4; i++) {
    await settled()
    sends[i]?.end()
  }
  await Promise.all(all)
  expect(sends.map(({ text }) => text === half + half || text)).toEqual([true, 'x', large, 'y'])
})

test('a queue with a smaller bound has it kept', async () => {
  const { queue, sends } = heldQueue(10)
  const sender = gatherEnvelopes(queue, { clock })
  expect(sender.maxEnvelopeBytes).toBe(10)
  const all = ['aaaaa', 'bbbbb', 'c'].map((text) => sender.send(bytes(text)))
  for (let i = 0; i < 2; i++) {
    await settled()
    sends[i]?.end()
  }
  await Promise.all(all)
  expect(sends.map(({ text }) => text)).toEqual(['aaaaabbbbb', 'c'])
})

test('one by one where messages are not shared', async () => {
  const { queue, sends } = heldQueue()
  const sender = sendEach(queue)
  const all = [sender.send(bytes('a')), sender.send(bytes('b'))]
  expect(sends.map(({ text }) => text)).toEqual(['a', 'b'])
  for (const { end } of sends) end()
  await Promise.all(all)
})
