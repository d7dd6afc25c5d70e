import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** What Linux knows of another process's memory. */
export interface ProcessMemory {
  /** Bytes that are resident now. */
  now(): number
  /** The most since the last call of `forgetPeak`, or since it began. */
  peak(): number
  forgetPeak(): void
}

/** The processes of this name that `ancestor` has started, itself or by others; none where no /proc tells. */
export function memoryOfDescendants(ancestor: number, name: string): ProcessMemory[] {
  const pids = descendantsOf(ancestor).filter((pid) => statusOf(pid, 'Name') === name)
  return pids.map((pid) => ({
    now: () => bytesOf(pid, 'VmRSS'),
    peak: () => bytesOf(pid, 'VmHWM'),
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
  }))
}

function descendantsOf(ancestor: number): number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const children = Map.groupBy(pids.map(Number), (pid) => Number(statusOf(pid, 'PPid')))
  const found: number[] = []
  const open = [ancestor]
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    const own = children.get(parent) ?? []
    found.push(...own)
    open.push(...own)
  }
  return found
}

function bytesOf(pid: number, field: string): number {
  const [, kibibytes] = statusOf(pid, field)?.match(/^(\d+) kB$/) ?? []
  if (kibibytes === undefined) throw new Error(`process ${pid} must tell its ${field}`)
  return Number(kibibytes) * 1024
}

/** A field of a process's status; undefined when the process is gone. */
function statusOf(pid: number, field: string): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return status.match(new RegExp(`^${field}:\\s*(.*)$`, 'm'))?.[1]
  } catch {
    return undefined
  }
}
