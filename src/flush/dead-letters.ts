import type { Envelope } from '../envelope/envelope.ts'
import { openMessage } from '../envelope/open-message.ts'
import { sealEnvelope } from '../envelope/seal-envelope.ts'
import { SpanlakeError } from '../errors.ts'
import { deadKey, deadPrefix, hourOf, parseDeadKey, unknownOwner } from '../layout/keys.ts'
import { listAll } from '../ports/object-store.ts'
import type { Queue } from '../ports/queue.ts'
import type { Runtime } from '../runtime.ts'
import { hexOf } from '../span/trace-id.ts'

/** Why something lies in `dead/`, as its first line says. */
export interface DeadHeader {
  readonly version: 1
  readonly reason: string
  /** When it was put there, in ms since 1970. */
  readonly deadMs: number
  /** Delivery attempts until then. */
  readonly attempts: number
  /** Undefined for bytes that could not be read as an envelope. */
  readonly envelope:
    | { readonly id: string; readonly receivedMs: number; readonly spans: number }
    | undefined
}

export interface DeadLetter {
  readonly key: string
  readonly header: DeadHeader
  /** The sealed envelope, or the bytes that could not be read. */
  readonly content: Uint8Array
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const newline = 0x0a

/** Keeps an envelope that could not be processed, and why. Returns its key; the same envelope always has the same. */
export async function buryEnvelope(
  envelope: Envelope,
  reason: string,
  attempts: number,
  runtime: Runtime,
): Promise<string> {
  const { tenant, receivedMs, spans } = envelope
  const id = hexOf(envelope.id)
  const key = deadKey({ owner: tenant, date: hourOf(receivedMs).date, id })
  const deadMs = runtime.clock.nowMs()
  const header = {
    version: 1,
    reason,
    deadMs,
    attempts,
    envelope: { id, receivedMs, spans },
  } as const
  await bury(key, header, sealEnvelope(envelope), runtime)
  return key
}

/** Keeps bytes that are no envelope; whose they were nobody can tell. */
export async function buryBytes(
  bytes: Uint8Array,
  reason: string,
  attempts: number,
  sentMs: number,
  runtime: Runtime,
): Promise<string> {
  const id = hexOf(runtime.codec.sha256(bytes)).slice(0, 32)
  const key = deadKey({ owner: unknownOwner, date: hourOf(sentMs).date, id })
  const deadMs = runtime.clock.nowMs()
  await bury(key, { version: 1, reason, deadMs, attempts, envelope: undefined }, bytes, runtime)
  return key
}

async function bury(
  key: string,
  header: DeadHeader,
  content: Uint8Array,
  { store, meter }: Runtime,
): Promise<void> {
  await store.put(key, bytesOf(header, content), { kind: 'overwrite' })
  meter.count('spanlake_dead_total', 1)
}

function bytesOf(header: DeadHeader, content: Uint8Array): Uint8Array {
  const line = encoder.encode(`${JSON.stringify(header)}\n`)
  const bytes = new Uint8Array(line.length + content.length)
  bytes.set(line)
  bytes.set(content, line.length)
  return bytes
}

/** The dead letters of a tenant (or of `unknownOwner`), oldest date first, at most `lettersMax`. */
export async function listDead(
  owner: string,
  lettersMax: number,
  runtime: Runtime,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const { key } of listAll(runtime.store, deadPrefix(owner))) {
    if (letters.length >= lettersMax) break
    const letter = await readDead(key, runtime)
    if (letter) letters.push(letter)
  }
  return letters
}

/** One dead letter; undefined when there is none at the key. Throws kind `invalid` for a key of anything else. */
export async function readDead(key: string, { store }: Runtime): Promise<DeadLetter | undefined> {
  if (parseDeadKey(key) === undefined) {
    throw new SpanlakeError(
      'invalid',
      `key must be that of a dead letter, got ${key.slice(0, 200)}`,
    )
  }
  const body = (await store.get(key))?.body
  if (body === undefined) return undefined
  const end = body.indexOf(newline)
  try {
    const header = JSON.parse(decoder.decode(body.subarray(0, end))) as DeadHeader
    if (end > 0 && header.version === 1) return { key, header, content: body.subarray(end + 1) }
  } catch {
    // Told below.
  }
  throw new SpanlakeError('corrupt', `dead letter must begin with its header, ${key}`)
}

/**
 * Puts a dead letter's envelope back on the queue, then removes it. Throws kind `invalid` when it holds none. Where the
 * queue refuses it, the letter stays, perhaps at another key.
 */
export async function replayDead(key: string, queue: Queue, runtime: Runtime): Promise<void> {
  const letter = await readDead(key, runtime)
  if (letter === undefined) throw new SpanlakeError('invalid', `no dead letter stands at ${key}`)
  const { envelopes, corrupt } = openMessage(letter.content)
  if (envelopes.length === 0 || corrupt.length > 0) {
    throw new SpanlakeError('invalid', `dead letter holds no readable envelope, ${key}`)
  }
  const own = await moveAside(letter, runtime)
  await queue.send(letter.content)
  await runtime.store.delete([own])
}

/**
 * From the sending on a flush may bury the envelope anew at its key, and that letter is not ours to remove: ours stands
 * at a key of its own by then. Returns that key.
 */
async function moveAside({ key, header, content }: DeadLetter, runtime: Runtime): Promise<string> {
  const ref = parseDeadKey(key)
  if (ref === undefined || ref.replay !== undefined) return key
  const own = deadKey({ ...ref, replay: hexOf(runtime.random.bytes(8)) })
  await runtime.store.put(own, bytesOf(header, content), { kind: 'create' })
  await runtime.store.delete([key])
  return own
}
