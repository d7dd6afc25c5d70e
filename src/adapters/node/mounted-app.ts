import type { App } from './app-thread.ts'

/** What answers below `root` of an app, at the root: clients that know no path come to a port of its own. */
export function mountedApp(root: string, front: string, app: App): App {
  return {
    fetch(request) {
      const url = new URL(request.url)
      if (url.pathname === '/') {
        const headers = { 'content-type': 'text/plain; charset=utf-8' }
        return new Response(`${front}\n`, { headers })
      }
      if (!operations.includes(url.pathname)) url.pathname = root + url.pathname
      const { method, headers, body, signal } = request
      return app.fetch(new Request(url, { method, headers, body, signal, duplex: 'half' }))
    },
  }
}

/** The same for every port of a process. */
const operations = ['/healthz', '/readyz', '/metrics']
