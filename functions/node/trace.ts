import { printTraceTree } from '../../query/trace-tree.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { tenantDefault } from '../../src/limits.ts'
import { lookupTrace } from '../../src/lookup/lookup-trace.ts'
import { decodeRequest } from '../../src/otlp/decode.ts'
import { jsonToProtobuf } from '../../src/otlp/json.ts'
import { silentLog } from '../../src/ports/log.ts'
import { readCache } from '../../src/snapshot/read-cache.ts'
import type { Span } from '../../src/span/span.ts'
import { SpanBatchBuilder } from '../../src/span/span-batch-builder.ts'
import { spansOfBatch } from '../../src/span/spans-of-batch.ts'
import { hexOf, parseTraceId } from '../../src/span/trace-id.ts'
import { runtimeOnData } from './runtime-on-data.ts'
import { askServer, type ServerAddress } from './server-client.ts'

/** Of a running server, or of `data` where it is given. */
export interface TraceOptions extends ServerAddress {
  readonly data?: string | undefined
}

interface Found {
  readonly spans: readonly Span[]
  /** Why the answer may lack spans; empty when it is complete. */
  readonly reasons: readonly string[]
}

/** Prints a trace as a tree; exit code 1 when it is unknown, 2 when the answer may lack spans. */
export async function traceCommand(text: string, options: TraceOptions): Promise<void> {
  const traceId = parseTraceId(text)
  const hex = hexOf(traceId)
  const found = options.data
    ? await fromData(traceId, options.data, options.tenant)
    : await fromServer(hex, options)
  for (const reason of found.reasons) process.stderr.write(`incomplete: ${reason}\n`)
  if (found.spans.length === 0)
    throw new SpanlakeError('invalid', `no span is known of trace ${hex}`)
  const { isTTY, columns } = process.stdout
  process.stdout.write(
    printTraceTree(found.spans, { color: isTTY === true, width: columns ?? 120 }),
  )
  if (found.reasons.length > 0) process.exitCode = 2
}

async function fromServer(hex: string, server: ServerAddress): Promise<Found> {
  const body = await askServer(server, `/api/v1/traces/${hex}`)
  const { spanlake } = JSON.parse(new TextDecoder().decode(body)) as {
    spanlake: { reasons: string[] }
  }
  // The answer is OTLP/JSON with one key more, which OTLP's rules ignore.
  const builder = new SpanBatchBuilder()
  decodeRequest(jsonToProtobuf(body), builder, { envelope: 0 })
  return { spans: spansOfBatch(builder.finish()), reasons: spanlake.reasons }
}

async function fromData(traceId: Uint8Array, data: string, tenant = tenantDefault): Promise<Found> {
  const runtime = await runtimeOnData(data, undefined, silentLog)
  return lookupTrace(tenant, traceId, runtime, readCache())
}
