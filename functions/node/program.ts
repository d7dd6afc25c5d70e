import { Command, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { sqlFormats } from '../../query/api/native/sql-request.ts'
import { parseDurationMs } from '../../src/config.ts'
import { retentionMsMax, searchLimitMax, sweepGraceMs, tenantDefault } from '../../src/limits.ts'
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
import {
  checked,
  dataDefault,
  dataOption,
  option,
  parseOwner,
  parseTenant,
  parseWhole,
  regionOption,
  retentionOption,
  serverOption,
  tenantOption,
  tokenOption,
  tokensOption,
  urlOption,
} from './options.ts'
import { type SearchOptions, searchCommand } from './search.ts'
import type { ServeOptions } from './serve.ts'
import { serveCommand } from './serve-command.ts'
import { withServeOptions } from './serve-options.ts'
import { type SqlOptions, sqlCommand } from './sql.ts'
import { createTokenCommand, type TokenOptions } from './token.ts'
import { type TraceOptions, traceCommand } from './trace.ts'

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

function addImport(root: Command): void {
  root
    .command('import')
    .description('import OTLP JSON lines or protobuf, plain or .gz; - reads stdin')
    .argument('<file...>', 'files to import')
    .addOption(urlOption('--to <url>', 'a running server; without it, straight into --data'))
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
