import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { messageOf, SpanlakeError } from '../../src/errors.ts'
import type { SqlBounds } from './sql-bounds.ts'
import type { SqlReply, SqlRequest } from './sql-protocol.ts'

/** The process of one query, as the one that started it sees it. */
export interface SqlProcess {
  /**
   * The answer to one request, before which there is no other. Throws what the process fails of, and kind `unavailable`
   * when it has ended.
   */
  ask(request: SqlRequest): Promise<SqlReply>
  interrupt(): void
  /** Ends it at once; resolves when it is gone. */
  end(): Promise<void>
  /** How the process ended by itself, and the last of its standard error; undefined while it runs, and after `end`. */
  obituary(): string | undefined
}

/** Starts a process whose folder is `folder`, ready to be asked. */
export async function startSqlProcess(folder: string, bounds: SqlBounds): Promise<SqlProcess> {
  const child = spawnBounded(folder, bounds)
  const replies = repliesOf(child)
  const ready = replies.next()
  let wanted = false
  const end = async () => {
    wanted ||= replies.obituary() === undefined
    child.kill('SIGKILL')
    await replies.over
  }
  try {
    await ready
  } catch (cause) {
    await end()
    const why = new Error(replies.obituary() ?? messageOf(cause))
    throw new SpanlakeError('unavailable', 'sql engine does not start', { cause: why })
  }
  return {
    end,
    obituary: () => (wanted ? undefined : replies.obituary()),
    interrupt: () => send(child, { kind: 'interrupt' }),
    async ask(request) {
      const reply = replies.next()
      send(child, request)
      const said = await reply
      if (said.kind === 'failed') throw new SpanlakeError(said.error, said.message)
      return said
    },
  }
}

/** A process that has ended answers nothing, and those who wait are told so. */
function send(child: ChildProcess, request: SqlRequest): void {
  if (child.connected) child.send(request, () => {})
}

function repliesOf(child: ChildProcess) {
  const { promise: over, resolve: endAll } = Promise.withResolvers<void>()
  let waiting: PromiseWithResolvers<SqlReply> | undefined
  let ending: string | undefined
  let said = ''
  const finish = (why: string) => {
    ending ??= why
    waiting?.reject(endedError(ending))
    waiting = undefined
    endAll()
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-errorCharsMax)
  })
  child.on('error', (error) => finish(error.message))
  child.on('exit', (code, signal) => finish(signal ?? `code ${code}`))
  child.on('message', (reply: SqlReply) => {
    waiting?.resolve(reply)
    waiting = undefined
  })
  return {
    over,
    next(): Promise<SqlReply> {
      if (ending !== undefined) return Promise.reject(endedError(ending))
      waiting = Promise.withResolvers()
      return waiting.promise
    },
    obituary: () => (ending === undefined ? undefined : `${ending} ${said}`.trim()),
  }
}

const errorCharsMax = 2_000

/** How a process ends that asks for more memory than it gets, or runs into a bug of the engine's: it would do so again. */
const crashes = new Set(['SIGABRT', 'SIGTRAP', 'SIGSEGV', 'SIGBUS', 'SIGILL'])

function endedError(why: string): SpanlakeError {
  if (crashes.has(why)) {
    return new SpanlakeError('invalid', `sql made its process end by ${why}: select less`)
  }
  return new SpanlakeError('unavailable', `sql process ended by ${why}`)
}

const childFile = fileURLToPath(new URL('./sql-child.ts', import.meta.url))

/** What V8 may take for rows on their way out. */
const heapMegabytes = 256

function spawnBounded(folder: string, bounds: SqlBounds): ChildProcess {
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    `--max-old-space-size=${heapMegabytes}`,
    childFile,
    JSON.stringify(bounds),
  ]
  const [command = '', ...args] =
    process.platform === 'win32' ? node : ['/bin/sh', '-c', boundedExec(bounds), 'sh', ...node]
  const child = spawn(command, args, {
    cwd: folder,
    // Nothing of ours: no credentials, no proxies, no folders.
    env: { TZ: 'UTC', UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  yieldToOthers(child)
  return child
}

/** Bounds that the kernel keeps, should DuckDB's own fail: where one cannot be set, the others are. */
function boundedExec({ processBytes, resultBytes, threads, ms }: SqlBounds): string {
  return `
  bound() { (ulimit "$1" "$2") 2>/dev/null && ulimit "$1" "$2"; }
  bound -c 0
  bound -d ${Math.ceil(processBytes / 1024)}
  bound -f ${Math.ceil(resultBytes / 512)}
  bound -t ${Math.ceil((threads * ms) / 1_000) + 30}
  exec "$@"`
}

/** Acknowledgements and lookups come first. */
function yieldToOthers(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already, or this system knows no such thing.
  }
}
