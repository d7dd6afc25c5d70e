#!/usr/bin/env node
// with-node.js COMMAND [ARGUMENT…]: runs a command of node_modules, or a .ts file, on a Node that suits it.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { launch } from './launch.js'

await launch(import.meta.url, async () => {
  const [command, ...args] = process.argv.slice(2)
  if (command === undefined) throw new Error('with-node must be given a command or a .ts file')
  const script = scriptOf(command)
  process.argv = [process.execPath, script, ...args]
  await import(pathToFileURL(script).href)
})

/** The JavaScript behind a command: the file itself, or what the package of that name calls its bin. */
function scriptOf(command) {
  if (/\.[cm]?[jt]s$/.test(command) && existsSync(command)) return resolve(command)
  const folder = fileURLToPath(new URL(`../node_modules/${command}/`, import.meta.url))
  if (!existsSync(`${folder}package.json`)) throw new Error(`with-node finds no ${command}`)
  const { bin } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  const entry = typeof bin === 'string' ? bin : bin?.[command]
  if (!entry) throw new Error(`with-node finds no command in ${command}`)
  return resolve(folder, entry)
}
