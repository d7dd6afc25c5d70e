import { type Json, otlpJson } from '../../../src/otlp/encode-json.ts'
import { base64Of } from '../../../src/span/base64.ts'
import type { Span } from '../../../src/span/span.ts'
import { bytesOfHex } from '../../../src/span/trace-id.ts'

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const codes = ['UNSET', 'OK', 'ERROR']
const idKeys = new Set(['traceId', 'spanId', 'parentSpanId'])

/** Spans in Tempo's JSON, which is not OTLP's: ids are base64 and enums are names. */
export function tempoTraceJson(spans: readonly Span[]): { readonly resourceSpans: Json } {
  return toTempo(otlpJson(spans)) as { readonly resourceSpans: Json }
}

function toTempo(json: Json): Json {
  if (Array.isArray(json)) return json.map(toTempo)
  if (typeof json !== 'object' || json === null) return json
  // Attributes are the sender's own keys and values: nothing in them is an id of ours.
  const entries = Object.entries(json).map(([key, value]) => [
    key,
    key === 'attributes' ? value : member(key, value as Json),
  ])
  return Object.fromEntries(entries) as Json
}

function member(key: string, value: Json): Json {
  if (idKeys.has(key)) return base64Of(bytesOfHex(value as string))
  if (key === 'kind') return nameOf(value, kinds, 'SPAN_KIND_')
  if (key === 'code') return nameOf(value, codes, 'STATUS_CODE_')
  return toTempo(value)
}

/** A number outside the enum stays a number, as proto3 JSON has it. */
function nameOf(value: Json, names: readonly string[], prefix: string): Json {
  const name = names[value as number]
  return name === undefined ? value : prefix + name
}
