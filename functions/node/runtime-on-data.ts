import { existsSync } from 'node:fs'
import { nodeRuntime } from '../../src/adapters/node/runtime.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { defaultLimits } from '../../src/limits.ts'
import type { Log } from '../../src/ports/log.ts'
import { silentMeter } from '../../src/ports/meter.ts'
import type { Runtime } from '../../src/runtime.ts'
import { storeFolder } from './data-folders.ts'
import { findRegion } from './data-region.ts'

/**
 * A runtime on the bucket of a data directory, beside a server or without one. Throws kind `invalid` where there is none:
 * who looks at a mistyped path must neither find nothing there nor make it.
 */
export async function runtimeOnData(
  data: string,
  region: string | undefined,
  log: Log,
): Promise<Runtime> {
  if (!existsSync(storeFolder(data))) throw holdsNothing(data)
  return nodeRuntime({
    storeFolder: storeFolder(data),
    region: await findRegion(data, region),
    limits: defaultLimits,
    log,
    meter: silentMeter,
  })
}

export function holdsNothing(data: string): SpanlakeError {
  return new SpanlakeError('invalid', `data directory must hold spans, ${data}`)
}
