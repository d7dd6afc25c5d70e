import { nodeCodec } from '../../../src/adapters/node/codec.ts'
import { readFileColumns } from '../../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../../src/press/file-footer.ts'
import { encodeFreshFile } from '../../../src/press/fresh-file.ts'
import {
  type MergedFile,
  type MergeInput,
  type MergeOptions,
  type MergeResult,
  mergeSpans,
} from '../../../src/press/merge-spans.ts'
import { decodeRowGroup } from '../../../src/press/read-spans.ts'
import type { Span } from '../../../src/span/span.ts'
import { batchOfSpans, type PlacedSpan } from './batch-of-spans.ts'
import { contents, normal, tailOf } from './whole-files.ts'

export interface WholeInput extends MergeInput {
  readonly bytes: Uint8Array
}

export function freshInput(placed: readonly PlacedSpan[]): WholeInput {
  const bytes = encodeFreshFile(batchOfSpans(placed), { contents, codec: nodeCodec })
  return { bytes, groups: tailOf(bytes).rowGroups, columns: columnsOf(bytes) }
}

export function spanFileInput({ bytes, groups, columns }: MergedFile): WholeInput {
  return { bytes, groups, columns }
}

export function columnsOf(file: Uint8Array) {
  const footer = decodeFooterSuffix(file, file.length)
  if ('kind' in footer) throw new Error('a whole file has its footer')
  return readFileColumns(footer.keyValues)
}

/** Reads what the merge asks for, and counts how often it does. */
export function merge(
  inputs: readonly WholeInput[],
  options: Partial<MergeOptions> = {},
): MergeResult & { readonly pauses: number } {
  const steps = mergeSpans(inputs, {
    codec: nodeCodec,
    partitions: 1,
    partitionOf: () => 0,
    fileBytesMax: 32 * 1024 * 1024,
    ...options,
  })
  let pauses = 0
  let step = steps.next()
  while (!step.done) {
    pauses++
    step = steps.next(
      step.value.map(({ input, offset, length }) =>
        inputs[input]!.bytes.slice(offset, offset + length),
      ),
    )
  }
  return { ...step.value, pauses }
}

/** All spans of span files, attributes by key. */
export function spansIn(files: readonly MergedFile[]): Span[] {
  return files.flatMap((file) =>
    file.groups.flatMap((group) =>
      decodeRowGroup(
        file.bytes.slice(group.offset, group.offset + group.bytes),
        group,
        { from: 0, to: group.rows },
        nodeCodec,
      ).map((read) => normal(read).span),
    ),
  )
}
