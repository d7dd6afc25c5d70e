/** Where flows count what they do. Names and labels are those of `/metrics`; a platform without one drops them. */
export interface Meter {
  /** Adds to a counter. */
  count(name: string, value: number, labels?: MeterLabels): void
  /** Adds one observation to a histogram; seconds or bytes, as the name's unit says. */
  observe(name: string, value: number, labels?: MeterLabels): void
  /** Sets what something is now. */
  gauge(name: string, value: number, labels?: MeterLabels): void
}

export type MeterLabels = Readonly<Record<string, string>>

export const silentMeter: Meter = { count() {}, observe() {}, gauge() {} }
