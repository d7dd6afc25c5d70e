import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly Import[]
}

export interface Import {
  /** As written: a package, `node:…`, or the path of a file from the repository's root. */
  readonly target: string
  /** Gone at run time. */
  readonly typeOnly: boolean
}

const root = join(import.meta.dirname, '../..')

/** Every TypeScript file below the folders, with what it imports. */
export function readSources(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => {
        const path = relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/')
        return parseSource(path, readFileSync(join(root, path), 'utf8'))
      }),
  )
}

const statement = /\b(import|export)\s+(type\s+)?([\w*{}\s,$]*?)\s*from\s*['"]([^'"]+)['"]/g
const bare = /(?<!['"\w.])import\s*\(?\s*['"]([^'"\s]+)['"]/g

export function parseSource(path: string, text: string): SourceFile {
  const code = withoutComments(text)
  const imports: Import[] = []
  for (const [, , type, names, target] of code.matchAll(statement)) {
    const inline = /^\{(\s*type\s[^,}]*,?)+\s*\}$/.test((names ?? '').trim())
    imports.push({ target: resolved(path, target ?? ''), typeOnly: type !== undefined || inline })
  }
  for (const [, target] of code.matchAll(bare)) {
    imports.push({ target: resolved(path, target ?? ''), typeOnly: false })
  }
  return { path, code, imports }
}

function resolved(from: string, target: string): string {
  return target.startsWith('.') ? normalize(join(dirname(from), target)) : target
}

/** Line comments only where they begin a line or follow a blank, so that `https://` stays. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** Every file and package that running `path` loads, itself included. */
export function reachedFrom(path: string, sources: readonly SourceFile[]): Set<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set<string>()
  const visit = (at: string): void => {
    if (reached.has(at)) return
    reached.add(at)
    for (const { target, typeOnly } of byPath.get(at)?.imports ?? []) if (!typeOnly) visit(target)
  }
  visit(path)
  return reached
}
