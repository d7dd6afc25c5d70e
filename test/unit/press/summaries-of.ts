import type { Summaries, TraceSummary } from '../../../src/index/summaries.ts'

/** As columns, in the order given, each text once. */
export function summariesOf(traces: readonly TraceSummary[]): Summaries {
  const strings: string[] = []
  const idOf = (text: string) => {
    const known = strings.indexOf(text)
    return known < 0 ? strings.push(text) - 1 : known
  }
  const placeOf = (text: string | undefined) => (text === undefined ? 0 : idOf(text) + 1)
  const firstService = [0]
  for (const { services } of traces) firstService.push(firstService.at(-1)! + services.length)
  return {
    traceIds: new Uint8Array(Buffer.concat(traces.map(({ traceId }) => traceId))),
    spans: Uint32Array.from(traces, ({ spans }) => spans),
    errors: Uint32Array.from(traces, ({ errors }) => errors),
    startNs: BigInt64Array.from(traces, ({ startNs }) => startNs),
    endNs: BigInt64Array.from(traces, ({ endNs }) => endNs),
    rootStartNs: BigInt64Array.from(traces, (trace) => trace.rootStartNs ?? trace.startNs),
    rootServices: Uint32Array.from(traces, ({ rootService }) => placeOf(rootService)),
    rootNames: Uint32Array.from(traces, ({ rootName }) => placeOf(rootName)),
    firstService: Uint32Array.from(firstService),
    services: Uint32Array.from(traces.flatMap(({ services }) => services.map(idOf))),
    strings,
  }
}
