import type { Limits } from '../../limits.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import type { Runtime } from '../../runtime.ts'
import { nodeClock } from './clock.ts'
import { nodeCodec } from './codec.ts'
import { diskStore } from './disk-store.ts'
import { nodeRandom } from './random.ts'

export interface NodeRuntimeOptions {
  /** The folder that is the bucket. */
  readonly storeFolder: string
  readonly region: string
  readonly limits: Limits
  readonly log: Log
  readonly meter: Meter
  /** Whether this is the thread that opened the data directory. */
  readonly owner?: boolean
}

/** The embedded runtime: a folder as the bucket, the machine's own clock and randomness. */
export async function nodeRuntime(options: NodeRuntimeOptions): Promise<Runtime> {
  const { storeFolder, region, limits, log, meter, owner = false } = options
  const store = await diskStore(storeFolder, { owner })
  return {
    region,
    limits,
    log,
    meter,
    store,
    clock: nodeClock,
    random: nodeRandom,
    codec: nodeCodec,
  }
}
