/** The first bytes of a stream, at least two where it has them, and the whole stream with them. */
export async function peekBytes(
  content: AsyncIterable<Uint8Array>,
): Promise<{ first: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  const chunks = content[Symbol.asyncIterator]()
  let first = new Uint8Array(0)
  while (first.length < 2) {
    const next = await chunks.next()
    if (next.done) break
    first = new Uint8Array(Buffer.concat([first, next.value]))
  }
  return { first, rest: joined(first, chunks) }
}

async function* joined(
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (;;) {
    const next = await chunks.next()
    if (next.done) return
    yield next.value
  }
}
