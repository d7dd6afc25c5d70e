/** Where a request becomes durable before it is acknowledged. */
export interface Queue {
  /** The largest message `send` takes, in bytes. */
  readonly maxMessageBytes: number

  /**
   * MUST resolve only once the message is durable, and leave `body` usable by the caller. MUST reject with kind
   * `too-large` above `maxMessageBytes` before any I/O, and with `unavailable` when the message is not (or not surely)
   * held. MAY deliver a message more than once, and in any order; MAY deliver one whose send was rejected.
   */
  send(body: Uint8Array): Promise<void>
}

/** One delivery. Neither acked nor retried, it comes again once its visibility timeout has passed. */
export interface QueueMessage {
  readonly id: string
  readonly body: Uint8Array
  /** 1 on the first delivery. */
  readonly attempt: number
  /** When the queue took it, in ms since 1970. */
  readonly sentMs: number
  /** Removes the message. Idempotent; MAY fail, and the message then comes again. */
  ack(): Promise<void>
  /** Gives it back, to come again no sooner than in `delayMs`, with `attempt` one higher. */
  retry(delayMs: number): Promise<void>
}

/** A queue that is asked for messages: the embedded one and those of tests. Clouds push instead. */
export interface PullQueue extends Queue {
  /**
   * Up to `messagesMax` messages of together at most `bytesMax` bytes (but at least one, if any is due), oldest first;
   * waits up to `waitMs` for a first one. Each stays invisible to others for `visibilityMs`.
   */
  receive(options: ReceiveOptions): Promise<QueueMessage[]>
  depth(): Promise<QueueDepth>
}

export interface ReceiveOptions {
  messagesMax: number
  bytesMax: number
  visibilityMs: number
  waitMs: number
}

export interface QueueDepth {
  readonly messages: number
  readonly bytes: number
  /** When the oldest message was sent, in ms since 1970; undefined when the queue is empty. */
  readonly oldestSentMs: number | undefined
}
