import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { type FileInput, mergeFiles } from './fresh-files.ts'
import { mergeObjects } from './merge-objects.ts'
import { peakMemory } from './peak-memory.ts'

// Run by compact.ts as a process of its own, which has held nothing but these files: prints by how many MiB merging them
// raised its peak.
const [how, path] = process.argv.slice(2)
const inputs = deserialize(readFileSync(path as string)) as FileInput[]
global.gc?.()
const beforeBytes = process.memoryUsage.rss()
if (how === 'objects') await mergeObjects(inputs.map(({ body }) => body))
else mergeFiles(inputs)
const peakBytes = peakMemory()
process.stdout.write(`${(peakBytes - beforeBytes) / 1024 ** 2}\n`)
