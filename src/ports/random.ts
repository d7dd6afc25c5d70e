export interface Random {
  /** Bytes that nobody can guess or meet twice; in a simulation, bytes from its seed. The caller owns them. */
  bytes(length: number): Uint8Array
}
