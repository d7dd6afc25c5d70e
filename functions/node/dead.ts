import { lockDataDirectory } from '../../src/adapters/node/data-directory.ts'
import { openSqliteQueue } from '../../src/adapters/node/sqlite-queue.ts'
import { SpanlakeError } from '../../src/errors.ts'
import { type DeadHeader, listDead, readDead, replayDead } from '../../src/flush/dead-letters.ts'
import { deadListMax, tenantDefault } from '../../src/limits.ts'
import { silentLog } from '../../src/ports/log.ts'
import { queueFile } from './data-folders.ts'
import { queueOptions } from './import-command.ts'
import { runtimeOnData } from './runtime-on-data.ts'
import { askServer, type ServerAddress } from './server-client.ts'

/** A running server, or the data directory where it is given; to be replayed in, it must have no server. */
export interface DeadSource extends ServerAddress {
  readonly data?: string | undefined
  /** Default: the one that the data directory is of. */
  readonly region?: string
}

type DeadLine = DeadHeader & { readonly key: string; readonly bytes: number }

export async function listDeadCommand(source: DeadSource): Promise<void> {
  const letters = await lettersOf(source)
  for (const letter of letters) {
    const spans = letter.envelope ? `${letter.envelope.spans} spans` : `${letter.bytes} bytes`
    const at = new Date(letter.deadMs).toISOString()
    process.stdout.write(`${at}  ${letter.key}  ${spans}  ${JSON.stringify(letter.reason)}\n`)
  }
  process.stderr.write(`${letters.length} dead letters\n`)
}

export async function showDeadCommand(key: string, source: DeadSource): Promise<void> {
  const letter = source.data
    ? await readLetter(key, source.data, source.region)
    : await askLetter(key, source)
  process.stdout.write(`${JSON.stringify(letter, undefined, 2)}\n`)
}

export async function replayDeadCommand(
  keys: readonly string[],
  options: DeadSource & { readonly all?: boolean },
): Promise<void> {
  if (keys.length > 0 === (options.all === true)) {
    throw new SpanlakeError('invalid', 'replay takes keys of dead letters, or --all')
  }
  const chosen = options.all ? (await lettersOf(options)).map(({ key }) => key) : keys
  const replay = options.data
    ? await replayInto(options.data, options.region)
    : replayThrough(options)
  try {
    for (const key of chosen) {
      await replay.one(key)
      process.stdout.write(`replayed ${key}\n`)
    }
  } finally {
    await replay.end()
  }
}

async function lettersOf(source: DeadSource): Promise<readonly DeadLine[]> {
  if (source.data) {
    const runtime = await runtimeOnData(source.data, source.region, silentLog)
    const letters = await listDead(source.tenant ?? tenantDefault, deadListMax, runtime)
    return letters.map(({ key, header, content }) => ({ key, ...header, bytes: content.length }))
  }
  const body = await askServer(source, '/api/v1/dead')
  return (JSON.parse(new TextDecoder().decode(body)) as { letters: DeadLine[] }).letters
}

async function readLetter(key: string, data: string, region?: string): Promise<DeadLine> {
  const letter = await readDead(key, await runtimeOnData(data, region, silentLog))
  if (letter) return { key, ...letter.header, bytes: letter.content.length }
  throw new SpanlakeError('invalid', `no dead letter stands at ${key}`)
}

async function askLetter(key: string, source: DeadSource): Promise<DeadLine> {
  const body = await askServer(source, `/api/v1/dead/one?key=${encodeURIComponent(key)}`)
  return JSON.parse(new TextDecoder().decode(body)) as DeadLine
}

interface Replay {
  one(key: string): Promise<void>
  end(): Promise<void>
}

function replayThrough(source: DeadSource): Replay {
  return {
    async one(key) {
      const path = `/api/v1/dead/replay?key=${encodeURIComponent(key)}`
      await askServer(source, path, { method: 'POST' })
    },
    async end() {},
  }
}

/** Onto the queue of a stopped server: it is flushed when that server starts. */
async function replayInto(data: string, region?: string): Promise<Replay> {
  const runtime = await runtimeOnData(data, region, silentLog)
  await using opened = new AsyncDisposableStack()
  opened.adopt(await lockDataDirectory(data), (lock) => lock.release())
  const queue = opened.adopt(
    await openSqliteQueue({ path: queueFile(data), ...queueOptions }),
    (queue) => queue.close(),
  )
  const replaying = opened.move()
  return {
    one: (key) => replayDead(key, queue, runtime),
    end: () => replaying.disposeAsync(),
  }
}
