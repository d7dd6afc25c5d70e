import type { AttributeType, SpanBatch } from '../span/span-batch.ts'

/** Collects attributes of rows (or of resources) as JSON objects: key → OTLP/JSON AnyValue. */
export class RestTexts {
  readonly #batch: SpanBatch
  readonly #members = new Map<number, string>()

  constructor(batch: SpanBatch) {
    this.#batch = batch
  }

  /** `value` as the batch holds values of that type. */
  add(owner: number, key: string, type: AttributeType, value: number): void {
    const member = `${JSON.stringify(key)}:${valueText(this.#batch, type, value)}`
    const before = this.#members.get(owner)
    this.#members.set(owner, before === undefined ? member : `${before},${member}`)
  }

  /** Distinct texts, and each owner's as an index into them. */
  finish(): { texts: string[]; values: Map<number, number> } {
    const ids = new Map<string, number>()
    const values = new Map<number, number>()
    for (const [owner, members] of this.#members) {
      const text = `{${members}}`
      const id = ids.get(text) ?? ids.size
      ids.set(text, id)
      values.set(owner, id)
    }
    return { texts: [...ids.keys()], values }
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** OTLP/JSON AnyValue: 64-bit integers as decimal strings, doubles that JSON has no number for as words. */
function valueText(
  { strings, ints, doubles }: SpanBatch,
  type: AttributeType,
  value: number,
): string {
  if (type === 'int') return `{"intValue":"${ints[value]}"}`
  if (type === 'double') return `{"doubleValue":${doubleText(doubles[value]!)}}`
  if (type === 'bool') return `{"boolValue":${value === 1}}`
  const text = decoder.decode(
    strings.bytes.subarray(strings.starts[value]!, strings.starts[value + 1]!),
  )
  return type === 'json' ? text : `{"stringValue":${JSON.stringify(text)}}`
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0' : String(value)
}
