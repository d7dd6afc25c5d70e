import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metrics } from '../../../src/adapters/node/metrics.ts'

const root = new URL('../../../', import.meta.url)
const measured = /\.(?:count|gauge|observe)\(\s*'(spanlake_[a-z_]+)'/g

test('every metric that is counted is listed, and every one that is listed is counted', () => {
  const names = globSync('{src,query,functions}/**/*.ts', { cwd: root }).flatMap((path) =>
    Array.from(readFileSync(new URL(path, root), 'utf8').matchAll(measured), ([, name]) => name),
  )
  expect([...new Set(names)].sort()).toEqual(Object.keys(metrics).sort())
})
