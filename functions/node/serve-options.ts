import { type Command, Option } from 'commander'
import { parseBytes, parseDurationMs, parseListen, parseOrigin } from '../../src/config.ts'
import { defaultLimits } from '../../src/limits.ts'
import {
  checked,
  option,
  parseWhole,
  regionOption,
  retentionOption,
  tokensOption,
} from './options.ts'

const tib = 1024 ** 4

/** All but `--data`: a demo has a folder of its own. */
export function withServeOptions(command: Command): Command {
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

function portOption(flags: string, what: string, env: string): Option {
  const help = `a port of its own for ${what}, at the address of --listen (default: none)`
  return option(flags, help, env, (text) => parseWhole(text, 0, 65_535))
}

function parseWorkers(text: string): number {
  return parseWhole(text, 1, 64)
}
