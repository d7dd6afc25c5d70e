import { kindOf, messageOf } from '../errors.ts'
import { storeReadsAtOnce } from '../limits.ts'
import { corrupt } from '../parquet/byte-reader.ts'
import type { Codec } from '../ports/codec.ts'
import type { GroupRead, MergeInput, MergeResult } from '../press/merge-spans.ts'
import { readGroup } from '../press/read-group.ts'
import { mapAtOnce } from '../snapshot/map-at-once.ts'

export interface MergeSource {
  readonly inputs: readonly MergeInput[]
  readonly keyOf: (input: number) => string
  readonly read: (read: GroupRead) => Promise<Uint8Array>
}

/** Thrown when a merge failed because some of its inputs cannot be read: the others can be merged without them. */
export class BrokenInputs extends Error {
  readonly keys: readonly string[]

  constructor(keys: readonly string[], cause: unknown) {
    super(`merge cannot read ${keys.join(', ')}: ${messageOf(cause)}`, { cause })
    this.name = 'BrokenInputs'
    this.keys = keys
  }
}

/** Drives a merge, which is pure, with the reads that it asks for. Throws `BrokenInputs` when it can say which are. */
export async function runMerge(
  merge: Generator<readonly GroupRead[], MergeResult, readonly Uint8Array[]>,
  source: MergeSource,
  codec: Codec,
): Promise<MergeResult> {
  try {
    let step = merge.next()
    while (!step.done) {
      step = merge.next(await mapAtOnce(step.value, storeReadsAtOnce, source.read))
    }
    return step.value
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    const broken = await brokenInputs(source, codec)
    throw broken.length === 0 ? error : new BrokenInputs(broken, error)
  }
}

/** Reads every row group of each input by itself. */
async function brokenInputs({ inputs, keyOf, read }: MergeSource, codec: Codec): Promise<string[]> {
  const broken: string[] = []
  for (const [input, { groups }] of inputs.entries()) {
    try {
      for (const { offset, bytes, rows } of groups) {
        const group = { offset, bytes, rows }
        const columns = readGroup(await read({ input, offset, length: bytes }), group, { codec })
        if (columns.rows !== rows) throw corrupt(keyOf(input), `must have ${rows} rows`)
      }
    } catch (error) {
      if (kindOf(error) !== 'corrupt') throw error
      broken.push(keyOf(input))
    }
  }
  return broken
}
