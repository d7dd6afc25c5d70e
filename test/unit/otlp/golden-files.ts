import { readdirSync, readFileSync } from 'node:fs'

export interface GoldenFile {
  readonly name: string
  readonly bytes: Uint8Array
}

const golden = new URL('../../golden/', import.meta.url)

/** The files of a folder under test/golden that end so, found by listing it. */
export function goldenFiles(folder: string, ending: string): GoldenFile[] {
  const url = new URL(`${folder}/`, golden)
  return readdirSync(url)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, url))) }))
}
