export interface Random {
  /** Bytes that nobody can guess or meet twice; in a simulation, bytes from its seed. The caller owns them. */
  bytes(length: number): Uint8Array
}

/** A number in [0, 1), all multiples of 2^-32 alike. */
export function uniform(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4)
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32
}
