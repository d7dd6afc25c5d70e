import { program } from './program.ts'
import { textOf } from './text-of.ts'

try {
  await program().parseAsync()
} catch (error) {
  process.stderr.write(`spanlake: ${textOf(error)}\n`)
  process.exitCode = 1
}
