import { readdirSync, readFileSync } from 'node:fs'
import { jsonToProtobuf } from '../../../../src/otlp/json.ts'
import type { Span } from '../../../../src/span/span.ts'
import { spansOf } from '../../otlp/decoded.ts'

// test/golden/jaeger/README.md says what lies there.
export const goldenJaeger = new URL('../../../golden/jaeger/', import.meta.url)

/** The names of the traces that lie there. */
export const goldenNames = readdirSync(goldenJaeger)
  .filter((file) => file.endsWith('.otlp.json'))
  .map((file) => file.replace('.otlp.json', ''))

export function goldenSpans(name: string): Span[] {
  const body = readFileSync(new URL(`${name}.otlp.json`, goldenJaeger))
  return spansOf(jsonToProtobuf(new Uint8Array(body)))
}
