import { InvalidArgumentError, Option } from 'commander'
import { parseDataDirectory, parseDurationMs, parseRegion } from '../../src/config.ts'
import { messageOf } from '../../src/errors.ts'
import { isTenantName, unknownOwner } from '../../src/layout/keys.ts'
import { retentionMsDefault, retentionMsMax, retentionMsMin } from '../../src/limits.ts'

const serverDefault = 'http://127.0.0.1:4318'
export const dataDefault = 'spanlake-data'

/** A flag with its environment variable and its check. */
export function option<T>(
  flags: string,
  help: string,
  env: string,
  parse: (text: string) => T,
): Option {
  return new Option(flags, help).env(env).argParser(checked(parse))
}

/** Turns our refusal into commander's, which names the flag or variable that was wrong. */
export function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error))
    }
  }
}

// --- Flags of several commands -------------------------------------------------------------------------------------------

export function tokensOption(help: string): Option {
  return option('--tokens <file>', help, 'SPANLAKE_TOKENS', parseTokensFile)
}

export function dataOption(): Option {
  return option('--data <dir>', 'the data directory', 'SPANLAKE_DATA', parseDataDirectory)
}

export function regionOption(): Option {
  return option(
    '--region <name>',
    'the name of this region (default: what the data directory is of, else local)',
    'SPANLAKE_REGION',
    parseRegion,
  )
}

export function serverOption(flags: string): Option {
  return urlOption(flags, 'a running server').default(serverDefault)
}

export function urlOption(flags: string, help: string): Option {
  return option(flags, help, 'SPANLAKE_URL', parseUrl)
}

export function tokenOption(): Option {
  return option('--token <token>', 'a token of that server', 'SPANLAKE_TOKEN', (text) => text)
}

export function tenantOption(parse = parseTenant): Option {
  return option(
    '--tenant <tenant>',
    'the tenant, where there are several',
    'SPANLAKE_TENANT',
    parse,
  )
}

export function retentionOption(): Option {
  return option(
    '--retention <duration>',
    'how long spans are kept after their receipt',
    'SPANLAKE_RETENTION',
    (text) => parseDurationMs(text, retentionMsMin, retentionMsMax),
  ).default(retentionMsDefault, '30d')
}

// --- Checks --------------------------------------------------------------------------------------------------------------

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new InvalidArgumentError(`url must be like ${serverDefault}, got ${text}`)
  }
  return text.replace(/\/+$/, '')
}

/** Dead letters may be nobody's. */
export function parseOwner(text: string): string {
  return text === unknownOwner ? text : parseTenant(text)
}

export function parseTenant(text: string): string {
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

export function parseWhole(text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new InvalidArgumentError(`number must be from ${min} to ${max}, got ${text}`)
  }
  return value
}
