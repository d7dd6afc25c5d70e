import { messageOf, SpanlakeError } from '../../src/errors.ts'

/** An error for people: ours say what to do in their message; anything else is a bug and shows its stack. */
export function textOf(error: unknown): string {
  return error instanceof SpanlakeError ? messageOf(error) : String((error as Error).stack)
}
