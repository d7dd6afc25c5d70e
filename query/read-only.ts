import type { Handler, Hono } from 'hono'
import { answerError } from './answer-error.ts'

const allowed = 'GET, HEAD, OPTIONS'

/** A path that can be read and nothing else (HEAD is GET without its body). */
export function readOnly(app: Hono, path: string, handler: Handler): void {
  app.get(path, handler)
  app.all(path, (c) => {
    c.header('allow', allowed)
    if (c.req.method === 'OPTIONS') return c.body(null, 204)
    return answerError(c, 405, 'invalid', `method must be one of ${allowed}, got ${c.req.method}`)
  })
}
