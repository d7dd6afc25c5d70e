import { Hono } from 'hono'
import { SpanlakeError } from '../../../src/errors.ts'
import { type DeadLetter, listDead, readDead, replayDead } from '../../../src/flush/dead-letters.ts'
import { parseDeadKey } from '../../../src/layout/keys.ts'
import { deadListMax } from '../../../src/limits.ts'
import { type QueryContext, tenantOf } from '../../context.ts'

/** Dead letters of a tenant, for its admins: `GET /`, `GET /one?key=`, `POST /replay?key=`. */
export function deadRoutes(context: QueryContext): Hono {
  const { runtime, queue } = context
  const app = new Hono()

  app.get('/', async (c) => {
    const tenant = tenantOf(c.req.raw, 'admin', context)
    const letters = await listDead(tenant, deadListMax, runtime)
    return c.json({ letters: letters.map(deadJson) })
  })

  app.get('/one', async (c) => {
    const key = ownKey(c.req.query('key'), tenantOf(c.req.raw, 'admin', context))
    const letter = await readDead(key, runtime)
    if (letter) return c.json(deadJson(letter))
    return c.json({ error: { kind: 'not-found', message: `no dead letter stands at ${key}` } }, 404)
  })

  app.post('/replay', async (c) => {
    const key = ownKey(c.req.query('key'), tenantOf(c.req.raw, 'admin', context))
    await replayDead(key, queue, runtime)
    return c.json({ replayed: key })
  })
  return app
}

export function deadJson({ key, header, content }: DeadLetter) {
  return { key, ...header, bytes: content.length }
}

function ownKey(key: string | undefined, tenant: string): string {
  if (key !== undefined && parseDeadKey(key)?.owner === tenant) return key
  throw new SpanlakeError('invalid', `key must be that of a dead letter of tenant ${tenant}`)
}
