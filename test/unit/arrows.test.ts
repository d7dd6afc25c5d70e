import { describe, expect, test } from 'vitest'
import { parseSource, reachedFrom, readSources, type SourceFile } from '../helpers/import-graph.ts'

interface Room {
  /** Rooms that it may import, besides itself. */
  readonly arrows: readonly string[]
  /** Synchronous, with everything from outside as an argument. */
  readonly pure?: true
  /** May import `node:*`. */
  readonly node?: true
  /** Packages that it may import. */
  readonly packages?: readonly string[]
}

const base = ['src/errors', 'src/limits']
const format = [...base, 'src/span', 'src/ports']
const pressRooms = [...format, 'src/otlp', 'src/parquet', 'src/layout', 'src/envelope', 'src/index']
const flowRooms = [...pressRooms, 'src/prune', 'src/press', 'src/runtime', 'src/config']
const flows = [
  'src/ingest',
  'src/snapshot',
  'src/flush',
  'src/lookup',
  'src/compact',
  'src/sweep',
  'src/fsck',
]
const adapterRooms = [...base, ...flowRooms, ...flows, 'query']

/** ARCHITECTURE.md, "The rooms": this table is what it says. */
const rooms: Readonly<Record<string, Room>> = {
  'src/errors': { arrows: [] },
  'src/limits': { arrows: [] },
  'src/config': { arrows: base },
  'src/ports': { arrows: base },
  'src/runtime': { arrows: ['src/limits', 'src/ports'] },
  'src/span': { arrows: base, pure: true },
  'src/otlp': { arrows: format, pure: true },
  'src/parquet': { arrows: format, pure: true },
  'src/layout': { arrows: format, pure: true },
  'src/envelope': { arrows: [...format, 'src/layout'], pure: true },
  'src/index': { arrows: [...format, 'src/parquet', 'src/layout'], pure: true },
  'src/prune': { arrows: [...format, 'src/layout', 'src/index'], pure: true },
  'src/press': { arrows: pressRooms, pure: true },
  'src/ingest': { arrows: flowRooms },
  // What stands in the store now: the ground of every answer and of every commit.
  'src/snapshot': { arrows: flowRooms },
  // A flush that loses the race for its key reads the file that won, as a lookup does.
  'src/flush': { arrows: [...flowRooms, 'src/snapshot', 'src/lookup'] },
  'src/lookup': { arrows: [...flowRooms, 'src/snapshot'] },
  'src/compact': { arrows: [...flowRooms, 'src/snapshot', 'src/lookup', 'src/sweep'] },
  'src/fsck': { arrows: [...flowRooms, 'src/snapshot'] },
  'src/sweep': { arrows: [...flowRooms, 'src/snapshot'] },
  'src/follow': { arrows: [...flowRooms, 'src/snapshot'] },
  // The query language: knows no SQL and no storage.
  'query/traceql': { arrows: base, pure: true, packages: ['re2js'] },
  query: { arrows: [...flowRooms, ...flows, 'query/traceql'], packages: ['hono'] },
  // SQL that users wrote: Node only, and the one room that knows DuckDB.
  'query/engine': {
    arrows: [...base, 'src/ports', 'src/adapters/node', 'query'],
    node: true,
    packages: ['@duckdb/node-api'],
  },
  'src/adapters/memory': { arrows: adapterRooms },
  'src/adapters/wrap': { arrows: adapterRooms },
  'src/adapters/node': {
    arrows: [...adapterRooms, 'src/adapters/memory'],
    node: true,
    packages: ['@hono/node-server', 'pino', 'prom-client'],
  },
  // workerd has these two modules of Node's: decisions/006-zstd-in-workerd.md.
  'src/adapters/cloudflare': {
    arrows: adapterRooms,
    packages: ['@cloudflare/workers-types', 'node:crypto', 'node:zlib'],
  },
  'src/adapters/aws': {
    arrows: adapterRooms,
    packages: ['@aws-sdk/client-s3', '@aws-sdk/client-sqs'],
  },
  'functions/node': {
    arrows: [...adapterRooms, 'src/adapters/node', 'query/engine'],
    node: true,
    packages: ['commander'],
  },
  'functions/cloudflare': { arrows: [...adapterRooms, 'src/adapters/cloudflare'] },
  'functions/aws': { arrows: [...adapterRooms, 'src/adapters/aws'] },
}

/** The one room that a path lies in. */
function roomOf(path: string): string {
  const [top, second, third] = path.split('/')
  if (top === 'query') {
    return second === 'traceql' || second === 'engine' ? `query/${second}` : 'query'
  }
  if (top === 'src' && second === 'adapters') return `src/adapters/${third}`
  return `${top}/${(second ?? '').replace(/\.ts$/, '')}`
}

/** What is wrong with a file, in words; empty when nothing is. */
function faultsOf({ path, imports, code }: SourceFile): string[] {
  const name = roomOf(path)
  const room = rooms[name]
  if (room === undefined) return [`${path} lies in no room`]
  const faults = imports.flatMap(({ target }) => {
    if (target === 'package.json') return []
    if (target.startsWith('node:') && room.node) return []
    if (/^(src|query|functions|test)\//.test(target)) {
      const other = roomOf(target)
      const allowed = other === name || room.arrows.includes(other)
      return allowed ? [] : [`${path} must not import ${target}`]
    }
    return room.packages?.includes(target) ? [] : [`${path} must not import ${target}`]
  })
  if (room.pure) faults.push(...impureWords(path, code))
  return faults
}

const impure =
  /\basync\b|\bawait\b|\bPromise\b|\bsetTimeout\b|\bfetch\(|\bDate\.now\b|\bMath\.random\b|\bperformance\.|\bcrypto\.|\bBuffer\b|\bprocess\./g

function impureWords(path: string, code: string): string[] {
  return [...code.replace(/'[^'\n]*'/g, '').matchAll(impure)].map(
    ([word]) => `${path} must be pure, has ${word}`,
  )
}

const sources = readSources(['src', 'query', 'functions'])

describe('arrows between rooms', () => {
  test('every import follows them, and pure rooms are pure', () => {
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.flatMap(faultsOf)).toEqual([])
  })

  test('no room imports, by a detour, one that imports it', () => {
    const reaches = (from: string, seen = new Set<string>()): Set<string> => {
      for (const next of rooms[from]?.arrows ?? []) {
        if (!seen.has(next)) reaches(next, seen.add(next))
      }
      return seen
    }
    for (const name of Object.keys(rooms)) expect(reaches(name), name).not.toContain(name)
  })

  test.each([
    ['src/span/x.ts', `import { a } from '../press/fresh-file.ts'`],
    ['src/otlp/x.ts', `import type { A } from '../parquet/schema.ts'`],
    ['src/press/x.ts', `import { readFile } from 'node:fs/promises'`],
    ['src/index/x.ts', 'export async function f() {}'],
    ['src/layout/x.ts', 'export const f = () => Date.now()'],
    ['src/flush/x.ts', `import { S3Client } from '@aws-sdk/client-s3'`],
    ['src/flush/x.ts', `const a = await import('node:fs')`],
    ['src/adapters/node/x.ts', `import { a } from '../../../functions/node/serve.ts'`],
    ['src/ingest/x.ts', `import {\n  a,\n} from '../lookup/lookup-trace.ts'`],
    ['query/traceql/x.ts', `import { a } from '../context.ts'`],
    ['query/app.ts', `import { sqlPool } from './engine/sql-pool.ts'`],
    ['query/sql/x.ts', `import { DuckDBInstance } from '@duckdb/node-api'`],
    ['src/elsewhere/x.ts', ''],
  ])('a wrong one in %s is found: %s', (path, text) => {
    expect(faultsOf(parseSource(path, text))).toHaveLength(1)
  })

  test('one file imports DuckDB', () => {
    const importers = sources.filter(({ imports }) =>
      imports.some(({ target }) => target.includes('duckdb/')),
    )
    expect(importers.map(({ path }) => path)).toEqual(['query/engine/duckdb.ts'])
  })

  test('words in comments and names that only look alike are no faults', () => {
    const text = `// await a Promise, Date.now()\n/* async */ export const asyncish = 'https://x'`
    expect(faultsOf(parseSource('src/span/x.ts', text))).toEqual([])
  })
})

describe('what a Worker loads', () => {
  // Flows and lookups run there; an entry point of its own joins this list.
  test.each([
    'src/flush/flush-messages.ts',
    'src/ingest/export-traces.ts',
    'query/app.ts',
    ...sources.map(({ path }) => path).filter((path) => path === 'functions/cloudflare.ts'),
  ])('%s reaches neither Node, nor AWS, nor DuckDB', (entry) => {
    const reached = [...reachedFrom(entry, sources)]
    expect(reached.length).toBeGreaterThan(10)
    expect(reached.filter((path) => /^node:|^@aws-sdk|duckdb|adapters\/node/.test(path))).toEqual(
      [],
    )
  })

  test('the command does reach Node, so that this test can fail', () => {
    expect(reachedFrom('functions/node/main.ts', sources)).toContain('node:sqlite')
  })
})
