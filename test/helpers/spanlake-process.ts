import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../functions/node/main.ts', import.meta.url))

export interface SpanlakeProcess {
  readonly url: string
  /** Everything on stderr so far. */
  readonly log: () => string
  /** Ends it with a signal and waits; resolves to its exit code, or null when the signal killed it. */
  stop(signal: NodeJS.Signals): Promise<number | null>
  /** Its exit code, or the signal that killed it, once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** A real `spanlake serve` as its own process, listening on a free port. */
export async function startSpanlake(
  data: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<SpanlakeProcess> {
  const args = [
    'serve',
    '--listen',
    '127.0.0.1:0',
    '--data',
    data,
    '--disk-reserve',
    '1MiB',
    ...flags,
  ]
  const child = spawnSpanlake(args, env)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  let log = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const found = log.match(/spanlake serves (\S+)/)
      if (found?.[1]) resolve(found[1])
    })
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${log}`)))
  })
  return {
    url,
    log: () => log,
    ended,
    async stop(signal) {
      child.kill(signal)
      const end = await ended
      return typeof end === 'number' ? end : null
    },
  }
}

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The most resident memory it was seen to hold; 0 where there is no /proc. */
  readonly peakBytes: number
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** What happens to it while it runs. */
  readonly meanwhile?: (child: ChildProcess) => Promise<void>
  /** Kills it then. */
  readonly msMax?: number
}

/** Runs one command of the real program to its end. */
export async function runSpanlake(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = spawnSpanlake(args, options.env, options.msMax)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdin?.end(options.stdin ?? '')
  let peakBytes = 0
  const look = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakBytesOf(child.pid))
  }, 50)
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  await options.meanwhile?.(child)
  const code = await ended
  clearInterval(look)
  return { code, stdout, stderr, peakBytes }
}

/** The kernel keeps the peak itself, so that looking now and then misses only the last moment. */
function peakBytesOf(pid: number | undefined): number {
  try {
    const kib = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0
  }
}

function spawnSpanlake(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  msMax?: number,
): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...(msMax === undefined ? {} : { timeout: msMax, killSignal: 'SIGKILL' }),
  })
}
