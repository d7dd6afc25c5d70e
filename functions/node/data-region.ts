import { randomUUID } from 'node:crypto'
import { glob, link, open, readFile, rm } from 'node:fs/promises'
import { syncFolder } from '../../src/adapters/node/durable-folder.ts'
import { codeOf, isMissing, reasonOf } from '../../src/adapters/node/file-errors.ts'
import { parseRegion } from '../../src/config.ts'
import { messageOf, SpanlakeError } from '../../src/errors.ts'
import { manifestPrefix, parseManifestKey } from '../../src/layout/keys.ts'
import { regionFile, storeFolder } from './data-folders.ts'

const regionDefault = 'local'

/**
 * The region that a data directory is of, remembered in it from now on. A sweep judges a tenant's files by the manifests
 * of its own region: under another name it would remove all that stands. `given` is what the user named, undefined when
 * nothing. Throws kind `invalid` when that is another one, and when nobody can tell.
 */
export async function keepRegion(data: string, given: string | undefined): Promise<string> {
  const region = await findRegion(data, given)
  if ((await rememberedIn(data)) === undefined) await remember(data, region)
  // Of two that remember at once, one was first.
  return findRegion(data, region)
}

/** The same, for those that only read: nothing is remembered. */
export async function findRegion(data: string, given: string | undefined): Promise<string> {
  const region = (await rememberedIn(data)) ?? (await indexedIn(data))
  if (region === undefined || region === given) return region ?? given ?? regionDefault
  if (given === undefined) return region
  throw new SpanlakeError('invalid', `data directory ${data} is of region ${region}, got ${given}`)
}

async function rememberedIn(data: string): Promise<string | undefined> {
  const file = regionFile(data)
  try {
    return parseRegion((await readFile(file, 'utf8')).trim())
  } catch (cause) {
    if (isMissing(cause)) return undefined
    const why = cause instanceof SpanlakeError ? messageOf(cause) : reasonOf(cause)
    throw new SpanlakeError('invalid', `region file ${file} cannot be used: ${why}`, { cause })
  }
}

/** A data directory from before regions were remembered is of the one that it holds manifests of. */
async function indexedIn(data: string): Promise<string | undefined> {
  const manifests = `${manifestPrefix({ tenant: '*', region: '*' })}*`
  const regions = new Set<string>()
  for await (const key of glob(manifests, { cwd: storeFolder(data) })) {
    const { region } = parseManifestKey(key) ?? {}
    if (region !== undefined) regions.add(region)
  }
  const [region, ...others] = [...regions].sort()
  if (others.length === 0) return region
  throw new SpanlakeError(
    'invalid',
    `data directory ${data} has indexes of several regions, ${[region, ...others].join(', ')}: ` +
      `write the one to keep into ${regionFile(data)} (sweeps remove the span files of the others)`,
  )
}

/** Whole and durable, or not at all; what another has remembered meanwhile stays. */
async function remember(data: string, region: string): Promise<void> {
  const draft = `${regionFile(data)}-${randomUUID()}`
  try {
    const file = await open(draft, 'wx')
    try {
      await file.writeFile(`${region}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, regionFile(data)).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
    await syncFolder(data)
  } catch (cause) {
    const message = `data directory ${data} cannot be used: ${reasonOf(cause)}`
    throw new SpanlakeError('invalid', message, { cause })
  } finally {
    await rm(draft, { force: true })
  }
}
