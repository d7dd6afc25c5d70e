import type { Envelope } from '../envelope/envelope.ts'
import { sealEnvelope } from '../envelope/seal-envelope.ts'
import { kindOf, SpanlakeError } from '../errors.ts'
import { hourOf, spillKey } from '../layout/keys.ts'
import { envelopeOverheadBytes } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { hexOf } from '../span/trace-id.ts'
import type { EnvelopeSender } from './gather-envelopes.ts'
import { withDeadline } from './with-deadline.ts'

/** A request that has passed all checks: an envelope but for the place of its body. */
export interface Parcel {
  readonly head: Omit<Envelope, 'body'>
  /** The compressed body. */
  readonly bytes: Uint8Array
}

export interface Keeper {
  readonly runtime: Runtime
  readonly queue: EnvelopeSender
}

/**
 * Resolves once the parcel is durable: on the queue, or in the store with a pointer on the queue. Throws kind
 * `unavailable` when that fails or takes longer than `queueSendMsMax`, whatever the reason: only that is tried again by
 * clients, and a repeat does no harm. (A body that the store can never take is `too-large`.) `onSettled` is called when
 * queue and store are done with it, which may be later: until then it fills memory.
 */
export async function keepParcel(
  parcel: Parcel,
  { runtime, queue }: Keeper,
  onSettled: () => void,
): Promise<void> {
  const { queueSendMsMax } = runtime.limits
  const late = () => new SpanlakeError('unavailable', 'queue must take the request in time')
  try {
    await withDeadline(keep(parcel, runtime, queue).finally(onSettled), queueSendMsMax, late)
  } catch (cause) {
    const kind = kindOf(cause)
    if (kind === 'unavailable' || kind === 'too-large') throw cause
    throw new SpanlakeError('unavailable', 'queue or store must take the request', { cause })
  }
}

async function keep(
  { head, bytes }: Parcel,
  runtime: Runtime,
  queue: EnvelopeSender,
): Promise<void> {
  if (bytes.length + envelopeOverheadBytes <= queue.maxEnvelopeBytes) {
    return queue.send(sealEnvelope({ ...head, body: { kind: 'inline', bytes } }))
  }
  const key = spillKey({
    tenant: head.tenant,
    date: hourOf(head.receivedMs).date,
    id: hexOf(runtime.codec.sha256(bytes)).slice(0, 32),
  })
  // The object first: a pointer that is delivered must find it. Named by its own bytes, so that whatever stands there
  // already is the same; the envelope's id would not do, as two compressions of one body share it.
  await runtime.store.put(key, bytes, { kind: 'create' })
  return queue.send(sealEnvelope({ ...head, body: { kind: 'spill', key } }))
}
