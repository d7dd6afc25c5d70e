export interface Clock {
  /** Milliseconds since 1970. MAY step backwards: order never rests on it. */
  nowMs(): number
  sleep(ms: number): Promise<void>
}
