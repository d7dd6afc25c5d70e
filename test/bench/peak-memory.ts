import { readFileSync } from 'node:fs'

/**
 * The most resident memory that this process has had, in bytes. Not `maxRSS` where the kernel tells better: that of a
 * process begins with what its parent had when it started it.
 */
export function peakMemory(): number {
  try {
    const [, kibibytes] = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s*(\d+) kB/) ?? []
    if (kibibytes !== undefined) return Number(kibibytes) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
