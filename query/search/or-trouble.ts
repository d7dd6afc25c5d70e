import { kindOf, messageOf } from '../../src/errors.ts'

/** A part that is broken makes the answer incomplete, naming it; everything else goes on. */
export async function orTrouble<T>(
  troubles: Set<string>,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error
    troubles.add(messageOf(error))
    return undefined
  }
}
