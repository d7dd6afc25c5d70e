import { generateRequests } from '../../functions/node/demo/generate-spans.ts'
import { nodeCodec } from '../../src/adapters/node/codec.ts'
import { fittingInputs } from '../../src/compact/fitting-inputs.ts'
import { spanFileBytesMax } from '../../src/limits.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { readFileColumns } from '../../src/press/attribute-columns.ts'
import { decodeFooterSuffix } from '../../src/press/file-footer.ts'
import { encodeFreshFile } from '../../src/press/fresh-file.ts'
import { decodeFreshTail } from '../../src/press/fresh-tail.ts'
import {
  type MergedFile,
  type MergeInput,
  type MergeResult,
  mergeSpans,
} from '../../src/press/merge-spans.ts'
import { attributeTypes } from '../../src/span/span-batch.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'

const startMs = 1_790_000_000_000
/** Those of the generator are some 70. */
const columnsAdded = 30
const stringType = attributeTypes.indexOf('string')

/** Fresh files of 1,000 generated spans each, with about 100 attribute columns. */
export function freshFiles(count: number): Uint8Array[] {
  const spans = count * 1_000
  const bodies = generateRequests({ seed: 1, spans, spansPerRequest: 1_000, startMs })
  return bodies.map((body) => {
    const builder = new SpanBatchBuilder()
    decodeRequest(body, builder, { envelope: 0 })
    addColumns(builder)
    const envelope = { id: new Uint8Array(16), ordinals: undefined, receivedMs: startMs }
    return encodeFreshFile(builder.finish(), {
      contents: {
        tenant: 'bench',
        region: 'bench',
        stray: false,
        envelopes: [envelope],
        receivedFromMs: startMs,
        receivedToMs: startMs,
      },
      codec: nodeCodec,
    })
  })
}

/** Attributes that one span in eight has, of a dozen values each. */
function addColumns(builder: SpanBatchBuilder): void {
  const encoder = new TextEncoder()
  for (let column = 0; column < columnsAdded; column++) {
    const name = encoder.encode(`app.feature.n${column}`)
    const key = builder.attributes.keyId(name, 0, name.length)
    const values = Array.from({ length: 12 }, (_, i) =>
      builder.strings.internText(`variant ${column} of ${i}`),
    )
    for (let row = column % 8; row < builder.rows; row += 8) {
      builder.attributes.set(row, key, stringType, values[(row * 7 + column) % 12] as number)
    }
  }
}

/** A file to be merged, whole. */
export interface FileInput extends MergeInput {
  readonly body: Uint8Array
}

export function freshInput(body: Uint8Array): FileInput {
  const tail = decodeFreshTail(body, body.length)
  const footer = decodeFooterSuffix(body, body.length)
  if ('kind' in tail || 'kind' in footer) throw new Error('a whole file has its end')
  return { body, groups: tail.rowGroups, columns: readFileColumns(footer.keyValues) }
}

/** All of them merged into one span file, or as few as its bound on bytes makes. */
export function mergeFiles(inputs: readonly FileInput[]): MergeResult {
  const steps = mergeSpans(inputs, {
    codec: nodeCodec,
    partitions: 1,
    partitionOf: () => 0,
    fileBytesMax: spanFileBytesMax,
  })
  let step = steps.next()
  while (!step.done) {
    step = steps.next(
      step.value.map(({ input, offset, length }) =>
        (inputs[input] as FileInput).body.slice(offset, offset + length),
      ),
    )
  }
  return step.value
}

/** As many of the first as compaction merges at once. */
export function fittingFiles(inputs: readonly FileInput[]): readonly FileInput[] {
  return fittingInputs(inputs, ({ body, groups }) => ({ bytes: body.length, groups }))
}

/** Span files of so many fresh files each. */
export function spanFiles(count: number, freshEach: number): FileInput[] {
  const fresh = freshFiles(count * freshEach).map(freshInput)
  return Array.from({ length: count }, (_, i) => {
    const { files } = mergeFiles(fresh.slice(i * freshEach, (i + 1) * freshEach))
    const [{ bytes, groups, columns }] = files as [MergedFile]
    return { body: bytes.slice(), groups, columns }
  })
}
