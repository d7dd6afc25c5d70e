import {
  type Locator,
  type LocatorRecords,
  writeLocator,
} from '../../../src/index/locator-records.ts'
import { locatorBytes } from '../../../src/limits.ts'

/** Records in the order given. */
export function recordsOf(locators: readonly Locator[]): LocatorRecords {
  const records = new Uint8Array(locators.length * locatorBytes)
  const view = new DataView(records.buffer)
  for (const [i, locator] of locators.entries()) writeLocator(view, i * locatorBytes, locator)
  return records
}
