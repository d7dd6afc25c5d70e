import { Command, InvalidArgumentError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { sqlFormats } from '../../query/api/native/sql-request.ts'
import {
  parseBytes,
  parseDataDirectory,
  parseDurationMs,
  parseListen,
  parseOrigin,
  parseRegion,
} from '../../src/config.ts'
import { messageOf } from '../../src/errors.ts'
import { isTenantName, unknownOwner } from '../../src/layout/keys.ts'
import {
  defaultLimits,
  retentionMsDefault,
  retentionMsMax,
  retentionMsMin,
  searchLimitMax,
  sweepGraceMs,
  tenantDefault,
} from '../../src/limits.ts'
import { type DeadSource, listDeadCommand, replayDeadCommand, showDeadCommand } from './dead.ts'
import { type DemoOptions, demoCommand } from './demo.ts'
import { type ImportCommandOptions, importCommand } from './import-command.ts'
import { isServerMeant } from './is-server-meant.ts'
import {
  compactCommand,
  type ExpireOptions,
  expireCommand,
  fsckCommand,
  type MaintainOptions,
  sweepCommand,
} from './maintain.ts'
import { type SearchOptions, searchCommand } from './search.ts'
import type { ServeOptions } from './serve.ts'
import { serveCommand } from './serve-command.ts'
import { type SqlOptions, sqlCommand } from './sql.ts'
import { createTokenCommand, type TokenOptions } from './token.ts'
import { type TraceOptions, traceCommand } from './trace.ts'

const serverDefault = 'http://127.0.0.1:4318'
const dataDefault = 'spanlake-data'
const tib = 1024 ** 4

/** The `spanlake` command: every flag, its environment variable, its check and its help. */
export function program(): Command {
  const root = new Command('spanlake')
    .description('distributed traces on object storage with nothing to run')
    .version(packageJson.version)
    .showHelpAfterError('(--help lists the flags)')
  addServe(root)
  addImport(root)
  addTrace(root)
  addSearch(root)
  addSql(root)
  addDead(root)
  addMaintain(root)
  addDemo(root)
  addToken(root)
  return root
}

function addServe(root: Command): void {
  withServeOptions(root.command('serve').addOption(dataOption().default(dataDefault)))
    .description(
      'receive OTLP/HTTP, press it into Parquet, answer lookups: one process on one disk',
    )
    .action((options: ServeOptions) => serveCommand(options))
}

/** All but `--data`: a demo has a folder of its own. */
function withServeOptions(command: Command): Command {
  return command
    .addOption(
      option('--listen <host:port>', 'where to listen', 'SPANLAKE_LISTEN', parseListen).default(
        parseListen('127.0.0.1:4318'),
        '127.0.0.1:4318',
      ),
    )
    .addOption(portOption('--tempo-port <port>', "Tempo's API", 'SPANLAKE_TEMPO_PORT'))
    .addOption(portOption('--jaeger-port <port>', "Jaeger's APIs", 'SPANLAKE_JAEGER_PORT'))
    .addOption(regionOption())
    .addOption(
      option(
        '--flush-interval <duration>',
        'how long spans may wait before they are readable',
        'SPANLAKE_FLUSH_INTERVAL',
        (text) => parseDurationMs(text, 10, 600_000),
      ).default(1_000, '1s'),
    )
    .addOption(
      option(
        '--compact-interval <duration>',
        'how often to look for fresh files to compact',
        'SPANLAKE_COMPACT_INTERVAL',
        (text) => parseDurationMs(text, 100, 3_600_000),
      ).default(10_000, '10s'),
    )
    .addOption(retentionOption())
    .addOption(
      tokensOption(
        'tokens with their roles and tenants (JSON); without it one tenant, loopback only',
      ),
    )
    .addOption(
      new Option(
        '--cors-origin <origin...>',
        'web pages that may export spans from a browser (space or comma between)',
      )
        .env('SPANLAKE_CORS_ORIGIN')
        .argParser((text: string, before: string[] = []) =>
          [...before, ...text.split(/[,\s]+/).filter(Boolean)].map((origin) =>
            checked(parseOrigin)(origin),
          ),
        )
        .default([], 'none'),
    )
    .addOption(
      option(
        '--max-request-size <size>',
        'largest request, as sent and again once decompressed',
        'SPANLAKE_MAX_REQUEST_SIZE',
        (text) => parseBytes(text, 1024, defaultLimits.requestDecompressedBytesMax),
      ).default(defaultLimits.requestDecompressedBytesMax, '64MiB'),
    )
    .addOption(
      option(
        '--max-queue-size <size>',
        'bound on what waits to be flushed; beyond it the door answers 503',
        'SPANLAKE_MAX_QUEUE_SIZE',
        (text) => parseBytes(text, 1024 ** 2, 64 * tib),
      ).default(4 * 1024 ** 3, '4GiB'),
    )
    .addOption(
      option(
        '--disk-reserve <size>',
        'free disk below which the door answers 503',
        'SPANLAKE_DISK_RESERVE',
        (text) => parseBytes(text, 0, 64 * tib),
      ).default(1024 ** 3, '1GiB'),
    )
    .addOption(
      option(
        '--flush-workers <n>',
        'threads that press spans into Parquet (default: cores - 1, from 1 to 4)',
        'SPANLAKE_FLUSH_WORKERS',
        parseWorkers,
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log, as JSON lines on stderr')
        .env('SPANLAKE_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
}

function addImport(root: Command): void {
  root
    .command('import')
    .description('import OTLP JSON lines or protobuf, plain or .gz; - reads stdin')
    .argument('<file...>', 'files to import')
    .addOption(
      option(
        '--to <url>',
        'a running server; without it, straight into --data',
        'SPANLAKE_URL',
        parseUrl,
      ),
    )
    .addOption(tokenOption())
    .addOption(tenantOption())
    .addOption(dataOption().default(dataDefault))
    .addOption(regionOption())
    .action((files: string[], options: ImportCommandOptions, command: Command) => {
      const to = isServerMeant(command, 'to') ? options.to : undefined
      return importCommand(files, { ...options, to })
    })
}

function addTrace(root: Command): void {
  root
    .command('trace')
    .description('print a trace as a tree')
    .argument('<id>', 'its id: up to 32 hex digits, or a whole traceparent')
    .addOption(serverOption('--from <url>'))
    .addOption(dataOption())
    .addOption(tokenOption())
    .addOption(tenantOption())
    .action((id: string, options: TraceOptions, command: Command) =>
      traceCommand(id, sourceOf(options, command)),
    )
}

function addSearch(root: Command): void {
  root
    .command('search')
    .description('list the newest traces that a TraceQL query finds')
    .argument('<traceql>', `for example: '{ status = error && resource.service.name = "cart" }'`)
    .addOption(
      new Option('--since <duration>', 'spans that start so long ago or later').argParser(
        checked((text) => parseDurationMs(text, 1, retentionMsMax)),
      ),
    )
    .option('--start <time>', 'or: from then on; unix seconds, nanoseconds or RFC 3339')
    .option('--end <time>', 'until before then')
    .addOption(
      new Option('--limit <n>', 'how many traces')
        .argParser(checked((text) => parseWhole(text, 1, searchLimitMax)))
        .default(20),
    )
    .option('--after <cursor>', 'go on from where an earlier answer ended')
    .option('--json', 'one JSON document, as the server answers')
    .addOption(serverOption('--from <url>'))
    .addOption(dataOption())
    .addOption(tokenOption())
    .addOption(tenantOption())
    .action((traceql: string, options: SearchOptions, command: Command) =>
      searchCommand(traceql, sourceOf(options, command)),
    )
}

function addSql(root: Command): void {
  root
    .command('sql')
    .description('ask one SELECT of the views spans and traces')
    .argument(
      '<select>',
      'for example: select "resource.service.name", count(*) from spans group by all',
    )
    .addOption(
      new Option(
        '--since <duration>',
        'spans that start so long ago or later (default: 1h)',
      ).argParser(checked((text) => parseDurationMs(text, 1, retentionMsMax))),
    )
    .option('--start <time>', 'or: from then on; unix seconds, nanoseconds or RFC 3339')
    .option('--end <time>', 'until before then (default: now)')
    .addOption(
      new Option('--format <format>', 'a table for people, or what programs read')
        .choices(['table', ...sqlFormats])
        .default('table'),
    )
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'write to a file')
    .addOption(serverOption('--from <url>'))
    .addOption(dataOption())
    .addOption(tokenOption())
    .addOption(tenantOption())
    .action((sql: string, options: SqlOptions, command: Command) =>
      sqlCommand(sql, sourceOf(options, command)),
    )
}

function addDead(root: Command): void {
  const dead = root.command('dead').description('what could not be processed, and why')
  const withSource = (command: Command) =>
    command
      .addOption(serverOption('--from <url>'))
      .addOption(dataOption().default(undefined, 'ask the running server'))
      .addOption(regionOption())
      .addOption(tokenOption())
      .addOption(tenantOption(parseOwner))
  withSource(dead.command('list').description('list the dead letters of a tenant')).action(
    (options: DeadSource, command: Command) => listDeadCommand(sourceOf(options, command)),
  )
  withSource(dead.command('show').description('show one dead letter').argument('<key>')).action(
    (key: string, options: DeadSource, command: Command) =>
      showDeadCommand(key, sourceOf(options, command)),
  )
  withSource(
    dead
      .command('replay')
      .description('put dead letters back on the queue')
      .argument('[key...]', 'which ones')
      .option('--all', 'all of the tenant'),
  ).action((keys: string[], options: DeadSource & { all?: boolean }, command: Command) =>
    replayDeadCommand(keys, sourceOf(options, command)),
  )
}

/** Without the data directory where the server is meant. */
function sourceOf<T extends { readonly data?: string | undefined }>(
  options: T,
  command: Command,
): T {
  return isServerMeant(command, 'from') ? { ...options, data: undefined } : options
}

function addMaintain(root: Command): void {
  const withBucket = (command: Command) =>
    command
      .addOption(dataOption().default(dataDefault))
      .addOption(regionOption())
      .addOption(
        option('--tenant <tenant>', 'one tenant (default: all)', 'SPANLAKE_TENANT', parseTenant),
      )
  withBucket(root.command('compact'))
    .description('merge fresh files and small span files until nothing is left to merge')
    .action((options: MaintainOptions) => compactCommand(options))
  withBucket(root.command('expire'))
    .description('let go of spans received longer ago than the retention')
    .addOption(retentionOption())
    .addOption(tokensOption('tokens file, for the retention of tenants that have their own there'))
    .action((options: Omit<ExpireOptions, 'isForAll'>, command: Command) => {
      // The variable is what `serve` takes too: for tenants that have none of their own.
      const isForAll = command.getOptionValueSource('retention') === 'cli'
      return expireCommand({ ...options, isForAll })
    })
  withBucket(root.command('sweep'))
    .description('remove what no manifest names any more')
    .addOption(
      option(
        '--grace <duration>',
        'how long such objects stay: longer than any query or merge',
        'SPANLAKE_GRACE',
        (text) => parseDurationMs(text, 0, retentionMsMax),
      ).default(sweepGraceMs, '1h'),
    )
    .action((options: MaintainOptions & { grace: number }) => sweepCommand(options))
  withBucket(root.command('fsck'))
    .description('check that every live pointer resolves and counts agree; 1 when not')
    .option('--deep', 'decode every row group too')
    .option('--unnamed', 'list what no manifest names')
    .action((options: MaintainOptions & { deep?: boolean; unnamed?: boolean }) =>
      fsckCommand(options),
    )
}

function retentionOption(): Option {
  return option(
    '--retention <duration>',
    'how long spans are kept after their receipt',
    'SPANLAKE_RETENTION',
    (text) => parseDurationMs(text, retentionMsMin, retentionMsMax),
  ).default(retentionMsDefault, '30d')
}

function addDemo(root: Command): void {
  withServeOptions(root.command('demo'))
    .description(
      'serve in a temporary folder, send generated traffic, and print a trace to look at',
    )
    .addOption(
      option('--spans-per-second <n>', 'how much traffic to send', 'SPANLAKE_DEMO_RATE', (text) =>
        parseWhole(text, 1, 100_000),
      ).default(500),
    )
    .action((options: DemoOptions) => demoCommand(options))
}

function addToken(root: Command): void {
  root
    .command('token')
    .description('make a token: prints it once, and the line for the tokens file')
    .requiredOption('--name <name>', 'who holds it')
    .option('--role <role...>', 'write, read, site, admin', ['write'])
    .option('--tenant <tenant...>', 'the tenants it may name', [tenantDefault])
    .action((options: TokenOptions) => createTokenCommand(options))
}

function portOption(flags: string, what: string, env: string): Option {
  const help = `a port of its own for ${what}, at the address of --listen (default: none)`
  return option(flags, help, env, (text) => parseWhole(text, 0, 65_535))
}

function tokensOption(help: string): Option {
  return option('--tokens <file>', help, 'SPANLAKE_TOKENS', parseTokensFile)
}

function dataOption(): Option {
  return option('--data <dir>', 'the data directory', 'SPANLAKE_DATA', parseDataDirectory)
}

function regionOption(): Option {
  return option(
    '--region <name>',
    'the name of this region (default: what the data directory is of, else local)',
    'SPANLAKE_REGION',
    parseRegion,
  )
}

function serverOption(flags: string): Option {
  return option(flags, 'a running server', 'SPANLAKE_URL', parseUrl).default(serverDefault)
}

function tokenOption(): Option {
  return option('--token <token>', 'a token of that server', 'SPANLAKE_TOKEN', (text) => text)
}

function tenantOption(parse = parseTenant): Option {
  return option(
    '--tenant <tenant>',
    'the tenant, where there are several',
    'SPANLAKE_TENANT',
    parse,
  )
}

function option<T>(flags: string, help: string, env: string, parse: (text: string) => T): Option {
  return new Option(flags, help).env(env).argParser(checked(parse))
}

/** Turns our refusal into commander's, which names the flag or variable that was wrong. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error))
    }
  }
}

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new InvalidArgumentError(`url must be like ${serverDefault}, got ${text}`)
  }
  return text.replace(/\/+$/, '')
}

/** Dead letters may be nobody's. */
function parseOwner(text: string): string {
  return text === unknownOwner ? text : parseTenant(text)
}

function parseTenant(text: string): string {
  if (isTenantName(text)) return text
  throw new InvalidArgumentError(
    `tenant must be named with letters, digits, . _ -, got ${text.slice(0, 80)}`,
  )
}

/** An empty name would be no file, and so an open door. */
function parseTokensFile(text: string): string {
  if (text === '') throw new InvalidArgumentError('tokens file must be a path, got ""')
  return text
}

function parseWorkers(text: string): number {
  return parseWhole(text, 1, 64)
}

function parseWhole(text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new InvalidArgumentError(`number must be from ${min} to ${max}, got ${text}`)
  }
  return value
}
