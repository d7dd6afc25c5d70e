import type { Command } from 'commander'
import { SpanlakeError } from '../../src/errors.ts'

/**
 * Whether a command that can work on a server (`--from` or `--to`) or on a data directory is to take the server: what
 * stands on the command line goes before a variable, a variable before a default. Throws kind `invalid` when both stand
 * on the command line.
 */
export function isServerMeant(command: Command, server: 'from' | 'to'): boolean {
  const [forServer, forData] = [strength(command, server), strength(command, 'data')]
  if (forServer === strongest && forData === strongest) {
    throw new SpanlakeError('invalid', `either --${server} or --data must be given, got both`)
  }
  return forServer >= forData
}

const sources: readonly (string | undefined)[] = [undefined, 'default', 'env', 'cli']
const strongest = sources.length - 1

function strength(command: Command, option: string): number {
  return sources.indexOf(command.getOptionValueSource(option))
}
