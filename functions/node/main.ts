import { messageOf, SpanlakeError } from '../../src/errors.ts'
import { program } from './program.ts'

try {
  await program().parseAsync()
} catch (error) {
  // Ours say what to do in their message; anything else is a bug and shows its stack.
  const text = error instanceof SpanlakeError ? messageOf(error) : (error as Error).stack
  process.stderr.write(`spanlake: ${text}\n`)
  process.exitCode = 1
}
