import { describe, expect, test } from 'vitest'
import type { PullQueue, QueueMessage, ReceiveOptions } from '../../src/ports/queue.ts'

export interface QueueContractOptions {
  /** A new, empty queue that holds at most `bytesMax` bytes, where it has such a bound. */
  readonly open: (options?: { bytesMax: number }) => Promise<PullQueue>
  /** Lets at least so much of the queue's own time pass. */
  readonly wait: (ms: number) => Promise<void>
  /** What this adapter does not keep of the contract, each with its reason. */
  readonly exceptions: readonly QueueException[]
}

export interface QueueException {
  /** `does-not-wait`: an empty queue answers at once. `unbounded`: it is never full. */
  readonly name: 'does-not-wait' | 'unbounded'
  readonly reason: string
}

/** The contract of `src/ports/queue.ts` in running form. It runs wherever vitest does. */
export function queueContract(name: string, options: QueueContractOptions): void {
  describe(`queue contract: ${name}`, () => {
    sendContract(options)
    deliveryContract(options)
    batchContract(options)
    depthContract(options)
    exceptionalContract(options)
  })
}

/** Far longer than a test takes, and as short as a wait in it may be. */
const longMs = 600_000
const shortMs = 40

const all: ReceiveOptions = { messagesMax: 100, bytesMax: 1e6, visibilityMs: longMs, waitMs: 0 }

function sendContract({ open }: QueueContractOptions): void {
  test('what is sent is delivered', async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    const [message, ...others] = await queue.receive(all)
    expect(others).toEqual([])
    expect(message).toMatchObject({ body: bytesOf('hello'), attempt: 1 })
    expect(message?.id).toEqual(expect.any(String))
    expect(message?.sentMs).toBeGreaterThan(0)
  })

  test('an empty message is a message', async () => {
    const queue = await open()
    await queue.send(new Uint8Array(0))
    expect(await bodiesOf(queue.receive(all))).toEqual([''])
  })

  test('the largest message is taken, one byte more is refused', async () => {
    const queue = await open()
    const body = new Uint8Array(queue.maxMessageBytes + 1).fill(7)
    await expect(queue.send(body)).rejects.toMatchObject({ kind: 'too-large' })
    expect(await queue.receive(all)).toEqual([])
    await queue.send(body.subarray(1))
    const [message] = await queue.receive(all)
    expect(message?.body).toHaveLength(queue.maxMessageBytes)
    expect(message?.body.at(-1)).toBe(7)
  })

  test('the body stays as it was, and what is delivered does not follow it', async () => {
    const queue = await open()
    const whole = bytesOf('..hello..')
    const body = whole.subarray(2, 7)
    await queue.send(body)
    expect(whole).toEqual(bytesOf('..hello..'))
    body.fill(65)
    await queue.send(body)
    expect(await bodiesOf(queue.receive(all))).toEqual(['hello', 'AAAAA'])
  })

  test('sends and receives side by side lose nothing', async () => {
    const queue = await open()
    const texts = Array.from({ length: 60 }, (_, i) => `message ${i}`)
    const seen = new Set<string>()
    const receive = async (): Promise<void> => {
      while (seen.size < texts.length) {
        const messages = await queue.receive({ ...all, messagesMax: 5, waitMs: 5 })
        for (const { body } of messages) seen.add(textOf(body))
        await Promise.all(messages.map((message) => message.ack()))
        await new Promise((resolve) => setTimeout(resolve))
      }
    }
    const sends = texts.map((text) => queue.send(bytesOf(text)))
    await Promise.all([...sends, receive(), receive(), receive()])
    expect([...seen].sort()).toEqual(texts.toSorted())
  })
}

function deliveryContract({ open, wait }: QueueContractOptions): void {
  test('a message in hand is invisible', async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    expect(await queue.receive(all)).toHaveLength(1)
    await wait(shortMs)
    expect(await queue.receive(all)).toEqual([])
  })

  test('neither acked nor retried, it comes again after its time, one attempt later', async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    for (const attempt of [1, 2, 3]) {
      const messages = await queue.receive({ ...all, visibilityMs: shortMs })
      expect(messages).toMatchObject([{ body: bytesOf('hello'), attempt }])
      messages[0]?.body.fill(0) // ours: the next delivery has its own bytes
      await wait(shortMs + 5)
    }
  })

  test('acked, it does not come again', async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    const message = await only(queue.receive({ ...all, visibilityMs: shortMs }))
    await message.ack()
    await wait(shortMs + 5)
    expect(await queue.receive(all)).toEqual([])
  })

  test('an ack may be repeated, and harms no other message', async () => {
    const queue = await open()
    await queue.send(bytesOf('first'))
    const first = await only(queue.receive(all))
    await first.ack()
    await queue.send(bytesOf('second'))
    await first.ack()
    expect(await bodiesOf(queue.receive(all))).toEqual(['second'])
  })

  test('given back without delay, it comes again at once', async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    const message = await only(queue.receive(all))
    await message.retry(0)
    const again = await only(queue.receive(all))
    expect(again).toMatchObject({ body: bytesOf('hello'), attempt: 2, sentMs: message.sentMs })
  })

  test('given back with a delay, it comes no sooner', async () => {
    const queue = await open()
    await queue.send(bytesOf('late'))
    await (await only(queue.receive({ ...all, visibilityMs: shortMs }))).retry(longMs)
    await wait(shortMs + 5)
    expect(await queue.receive(all)).toEqual([])
    await queue.send(bytesOf('soon'))
    await (await only(queue.receive(all))).retry(shortMs)
    await wait(shortMs + 5)
    expect(await bodiesOf(queue.receive(all))).toEqual(['soon'])
  })
}

function batchContract({ open }: QueueContractOptions): void {
  const withFive = async (): Promise<PullQueue> => {
    const queue = await open()
    for (let i = 0; i < 5; i++) await queue.send(new Uint8Array(100).fill(i))
    return queue
  }
  const firstBytes = (messages: readonly QueueMessage[]) => messages.map(({ body }) => body[0])

  test('the oldest come first, each with an id of its own', async () => {
    const messages = await (await withFive()).receive(all)
    expect(firstBytes(messages)).toEqual([0, 1, 2, 3, 4])
    expect(new Set(messages.map(({ id }) => id)).size).toBe(5)
  })

  test('no more messages than asked for', async () => {
    const queue = await withFive()
    expect(firstBytes(await queue.receive({ ...all, messagesMax: 2 }))).toEqual([0, 1])
    expect(firstBytes(await queue.receive({ ...all, messagesMax: 9 }))).toEqual([2, 3, 4])
  })

  test('no more bytes than asked for, but one message at least', async () => {
    const queue = await withFive()
    expect(firstBytes(await queue.receive({ ...all, bytesMax: 200 }))).toEqual([0, 1])
    expect(firstBytes(await queue.receive({ ...all, bytesMax: 199 }))).toEqual([2])
    expect(firstBytes(await queue.receive({ ...all, bytesMax: 99 }))).toEqual([3])
  })

  test('an empty queue gives an empty batch', async () => {
    const queue = await open()
    expect(await queue.receive(all)).toEqual([])
    expect(await queue.receive({ ...all, waitMs: 5 })).toEqual([])
  })
}

function depthContract({ open }: QueueContractOptions): void {
  test('depth tells messages, bytes and the oldest, also of those in hand', async () => {
    const queue = await open()
    expect(await queue.depth()).toEqual({ messages: 0, bytes: 0, oldestSentMs: undefined })
    await queue.send(new Uint8Array(100))
    await queue.send(new Uint8Array(20))
    const [first, second] = await queue.receive(all)
    const oldestSentMs = first?.sentMs
    expect(await queue.depth()).toEqual({ messages: 2, bytes: 120, oldestSentMs })
    await first?.ack()
    await first?.ack()
    expect(await queue.depth()).toEqual({ messages: 1, bytes: 20, oldestSentMs: second?.sentMs })
    await second?.retry(longMs)
    expect(await queue.depth()).toMatchObject({ messages: 1, bytes: 20 })
    await second?.ack()
    expect(await queue.depth()).toEqual({ messages: 0, bytes: 0, oldestSentMs: undefined })
  })
}

function exceptionalContract({ open, exceptions }: QueueContractOptions): void {
  const unless = (name: QueueException['name']) => {
    const exception = exceptions.find((other) => other.name === name)
    return exception ? { suffix: ` (not here: ${exception.reason})`, run: test.skip } : plain
  }
  const plain = { suffix: '', run: test }

  const waits = unless('does-not-wait')
  waits.run(`receive waits for a first message${waits.suffix}`, async () => {
    const queue = await open()
    const received = queue.receive({ ...all, waitMs: longMs })
    await queue.depth() // the queue has begun to wait
    await queue.send(bytesOf('hello'))
    expect(await bodiesOf(received)).toEqual(['hello'])
  })

  waits.run(`receive waits for a message that becomes visible${waits.suffix}`, async () => {
    const queue = await open()
    await queue.send(bytesOf('hello'))
    await (await only(queue.receive(all))).retry(shortMs)
    expect(await bodiesOf(queue.receive({ ...all, waitMs: longMs }))).toEqual(['hello'])
  })

  const full = unless('unbounded')
  full.run(`a full queue refuses, and takes again once there is room${full.suffix}`, async () => {
    const queue = await open({ bytesMax: 100 })
    await queue.send(new Uint8Array(60))
    await expect(queue.send(new Uint8Array(41))).rejects.toMatchObject({ kind: 'unavailable' })
    await queue.send(new Uint8Array(40))
    const [first] = await queue.receive(all)
    await expect(queue.send(new Uint8Array(1))).rejects.toMatchObject({ kind: 'unavailable' })
    await first?.ack()
    await queue.send(new Uint8Array(60))
    expect(await queue.depth()).toMatchObject({ messages: 2, bytes: 100 })
  })
}

async function only(received: Promise<QueueMessage[]>): Promise<QueueMessage> {
  const [message, ...others] = await received
  if (message === undefined || others.length > 0) {
    throw new Error(`one message must be due, got ${message ? 1 + others.length : 0}`)
  }
  return message
}

async function bodiesOf(received: Promise<QueueMessage[]>): Promise<string[]> {
  return (await received).map(({ body }) => textOf(body))
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
