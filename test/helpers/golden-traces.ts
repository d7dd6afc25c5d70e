import { readdirSync, readFileSync } from 'node:fs'
import { parseDuration } from '../../query/traceql/duration-literal.ts'
import type { FieldValue, ScalarValue } from '../../query/traceql/span-table.ts'
import type { TestSpan } from '../unit/query/traceql/table-of.ts'

/** A trace, and what queries find in it: test/golden/traceql/README.md. */
export interface GoldenTrace {
  readonly name: string
  readonly spans: readonly TestSpan[]
  readonly cases: readonly GoldenCase[]
}

export interface GoldenCase {
  /** The part of the language that it shows. */
  readonly item: string
  readonly query: string
  /** The ids of the spans of each set: `1 2|3`. */
  readonly finds?: string
  /** What is written on each set: `by(kind)=server count()=2|…`. */
  readonly sets?: string
  /** The error, for what is refused. */
  readonly invalid?: string
}

/** Traces, and what metrics queries make of them in three intervals of ten seconds. */
export interface GoldenMetrics {
  readonly name: string
  readonly spans: readonly TestSpan[]
  readonly cases: readonly GoldenMetricsCase[]
}

export interface GoldenMetricsCase {
  readonly item: string
  readonly query: string
  /** `a=x b=2: 1 - 3`, a line for each series; nil is written `undefined`. */
  readonly series?: readonly string[]
  /** Some of them, where all would be too many. */
  readonly has?: readonly string[]
  readonly invalid?: string
}

export function goldenTraces(): readonly GoldenTrace[] {
  return goldenFiles('evaluated')
}

export function goldenMetrics(): readonly GoldenMetrics[] {
  return goldenFiles('metrics')
}

function goldenFiles<Case>(folder: string) {
  const url = new URL(`../golden/traceql/${folder}/`, import.meta.url)
  return readdirSync(url)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const file = JSON.parse(readFileSync(new URL(name, url), 'utf8'))
      const spans: TestSpan[] = file.spans.map(testSpan)
      return { name, spans, cases: file.cases as readonly Case[] }
    })
}

/** What JSON has no word for stands as text: times as durations, large integers and whole floats in an object. */
function testSpan(json: TestSpanJson): TestSpan {
  const { start, duration, span, resource, scope, events, links, ...rest } = json
  const { name, version, ...scopeAttributes } = scope ?? {}
  return {
    ...rest,
    start: Number(nsOf(start)),
    duration: nsOf(duration),
    span: attributesOf(span),
    resource: attributesOf(resource),
    scope: {
      ...attributesOf(scopeAttributes),
      ...(typeof name === 'string' && { name }),
      ...(typeof version === 'string' && { version }),
    },
    events: (events ?? []).map(({ since, attributes, ...event }) => ({
      ...event,
      since: nsOf(since),
      attributes: attributesOf(attributes),
    })),
    links: (links ?? []).map(({ attributes, ...link }) => ({
      ...link,
      attributes: attributesOf(attributes),
    })),
  }
}

type TestSpanJson = Omit<
  TestSpan,
  'start' | 'duration' | 'span' | 'resource' | 'scope' | 'events' | 'links'
> & {
  readonly start?: string
  readonly duration?: string
  readonly span?: Json
  readonly resource?: Json
  readonly scope?: Json
  readonly events?: readonly { name?: string; since?: string; attributes?: Json }[]
  readonly links?: readonly { trace?: string; span?: string; attributes?: Json }[]
}

type Json = Readonly<Record<string, unknown>>

function nsOf(text = '0s'): bigint {
  const ns = parseDuration(text)
  if (ns === undefined) throw new Error(`no duration: ${text}`)
  return ns
}

function attributesOf(json: Json = {}): Record<string, FieldValue> {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(scalarOf) : scalarOf(value),
    ]),
  )
}

function scalarOf(json: unknown): ScalarValue {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json
  if (typeof json === 'string' || typeof json === 'boolean' || json === null) return json
  const value = json as { readonly int?: string; readonly double?: number }
  return value.int === undefined ? (value.double ?? Number.NaN) : BigInt(value.int)
}
