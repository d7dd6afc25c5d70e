// Plain JavaScript that any Node since 14 can read: it is what a machine with an old Node meets first.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The first Node with SQLite unflagged and types stripped without a warning. */
const majorMin = 24
// node:sqlite still calls itself experimental; we test what we use of it.
const quiet = '--disable-warning=ExperimentalWarning'
const bundledFolder = new URL(
  `../node_modules/node-${process.platform}-${process.arch}/`,
  import.meta.url,
)

/**
 * Calls `run` in this process when it is a suitable Node, and otherwise runs the same command (`bin` with this
 * process's arguments) on one that is: the newest of this one, npm's own, and the one `npm ci` brought along.
 */
export async function launch(bin, run) {
  const relaunched = process.execArgv.includes(quiet)
  if (!relaunched) return relaunch(chooseNode(), fileURLToPath(bin))
  endWithParent()
  prependPath(dirname(process.execPath))
  await run()
}

function chooseNode() {
  const candidates = [{ path: process.execPath, version: process.versions.node }]
  // npm puts our own Node in front of PATH, so that the machine's may only be known by npm's word.
  const npmVersion = (process.env.npm_config_user_agent || '').match(/\bnode\/v(\S+)/)
  const npmNode = process.env.npm_node_execpath
  if (npmVersion && npmNode) candidates.push({ path: npmNode, version: npmVersion[1] })
  const bundled = fileURLToPath(new URL('bin/node', bundledFolder))
  if (existsSync(bundled)) candidates.push({ path: bundled, version: bundledVersion() })
  const suitable = candidates.filter(
    ({ path, version }) => Number.parseInt(version, 10) >= majorMin && existsSync(path),
  )
  suitable.sort((a, b) => compareVersions(b.version, a.version))
  if (suitable.length > 0) return suitable[0].path
  process.stderr.write(
    `spanlake: node must be ${majorMin} or newer, got ${process.versions.node}. ` +
      'npm ci brings one along on Linux x64; elsewhere install it from https://nodejs.org\n',
  )
  process.exit(1)
}

function bundledVersion() {
  return JSON.parse(readFileSync(new URL('package.json', bundledFolder), 'utf8')).version
}

function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) =>
    version.split('.').map((part) => parseInt(part, 10)),
  )
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i] - right[i]
  return 0
}

function relaunch(node, bin) {
  const args = [quiet, bin, ...process.argv.slice(2)]
  // Where this process can become the other one, signals and exit codes need no forwarding.
  if (process.execve) {
    try {
      return process.execve(node, [node, ...args], process.env)
    } catch {
      // Not every platform can; a child does as well.
    }
  }
  runChild(node, args)
}

function runChild(node, args) {
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends ctrl-c to the whole group, so that the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`spanlake: ${node} does not start: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** A launcher that is killed outright can forward nothing: the channel it held tells the child. */
function endWithParent() {
  if (process.channel === undefined) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

function prependPath(folder) {
  process.env.PATH = `${folder}${delimiter}${process.env.PATH || ''}`
}
