import { kindOf, messageOf } from '../../src/errors.ts'

/** A part that is broken makes the answer incomplete, by its key; everything else goes on. */
export async function orTrouble<T>(
  troubles: Set<string>,
  key: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    const why = messageOf(error)
    troubles.add(why.includes(key) ? why : `file is broken, ${key}: ${why}`)
    return undefined
  }
}
