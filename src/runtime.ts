import type { Limits } from './limits.ts'
import type { Clock } from './ports/clock.ts'
import type { Codec } from './ports/codec.ts'
import type { Log } from './ports/log.ts'
import type { Meter } from './ports/meter.ts'
import type { ObjectStore } from './ports/object-store.ts'
import type { Random } from './ports/random.ts'

/** What every flow is handed: the adapters an entry point chose, and the bounds it set. */
export interface Runtime {
  /** This site's name, for example `eu-west-1`. */
  readonly region: string
  readonly store: ObjectStore
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: Meter
  readonly codec: Codec
  readonly limits: Limits
}
