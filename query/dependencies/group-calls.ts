import type { CallGroup } from './call-rows.ts'
import { callSums, type Dependency } from './call-sums.ts'
import { traceCalls } from './trace-calls.ts'
import { traceMark } from './trace-mark.ts'

/** What a row group says of calls, taken for itself. */
export interface GroupCalls {
  readonly calls: readonly Dependency[]
  /** Of each trace that has spans in it. */
  readonly marks: Float64Array
}

export function groupCalls(group: CallGroup): GroupCalls {
  const sums = callSums()
  for (const trace of group.traces) {
    traceCalls(group, trace, (parent, child) => {
      const [from, to] = [group.serviceNames[parent], group.serviceNames[child]]
      if (from !== undefined && to !== undefined) sums.add(from, to, 1)
    })
  }
  const marks = Float64Array.from(group.traces, ({ traceId }) => traceMark(traceId))
  return { calls: sums.all(), marks }
}

/** In memory. */
export function groupCallsBytes({ calls, marks }: GroupCalls): number {
  const chars = calls.reduce((sum, { parent, child }) => sum + parent.length + child.length, 0)
  return 256 + 8 * marks.length + 64 * calls.length + 2 * chars
}
