import { join } from 'node:path'

/** The bucket of an embedded server. */
export const storeFolder = (data: string): string => join(data, 'store')

/** The file of its queue. */
export const queueFile = (data: string): string => join(data, 'queue.db')

/** The file that names its region. */
export const regionFile = (data: string): string => join(data, 'region')

/** What SQL queries lay down for themselves while they run. */
export const sqlFolder = (data: string): string => join(data, 'sql')
