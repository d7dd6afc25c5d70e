import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { mergeFiles } from './fresh-files.ts'
import { mergeObjects } from './merge-objects.ts'

// Run by compact.ts as a process of its own, which has held nothing but these files: prints by how many MiB merging them
// raised its peak.
const [how, path] = process.argv.slice(2)
const files = deserialize(readFileSync(path as string)) as Uint8Array[]
global.gc?.()
const beforeBytes = process.memoryUsage.rss()
if (how === 'objects') await mergeObjects(files)
else mergeFiles(files)
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(`${(peakBytes - beforeBytes) / 1024 ** 2}\n`)
