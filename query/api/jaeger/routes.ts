import { Hono } from 'hono'
import type { QueryContext } from '../../context.ts'
import { legacyRoutes } from './legacy-routes.ts'
import { v3Routes } from './v3-routes.ts'

/**
 * Jaeger's two APIs: the legacy one, which its UI's trace page and Grafana's data source ask, and version 3, which its
 * UI's search asks. What needs more than a lookup by id is there when `context.jaeger` has a reader for it.
 */
export function jaegerRoutes(context: QueryContext): Hono {
  const app = new Hono()
  app.route('/api/v3', v3Routes(context))
  app.route('/api', legacyRoutes(context))
  return app
}
