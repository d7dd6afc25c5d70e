import type { App } from '../../src/adapters/node/app-thread.ts'
import {
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from '../../src/adapters/node/http-server.ts'
import { mountedApp } from '../../src/adapters/node/mounted-app.ts'
import type { ListenAddress } from '../../src/config.ts'
import { SpanlakeError } from '../../src/errors.ts'

export interface Ports {
  readonly listen: ListenAddress
  /** Of Tempo's API alone, at the same address. */
  readonly tempoPort?: number
  readonly jaegerPort?: number
}

export interface Listening {
  readonly url: string
  readonly tempoUrl?: string
  readonly jaegerUrl?: string
  /** All at once: each takes no more requests and finishes those under way. */
  close(): Promise<void>
}

/** Opens every port; all or none. Throws kind `invalid` for one that is taken, or given twice. */
export async function listenOn(
  { listen, tempoPort, jaegerPort }: Ports,
  options: Omit<HttpServerOptions, 'listen'>,
): Promise<Listening> {
  refuseSame({ 'listen port': listen.port, 'tempo port': tempoPort, 'jaeger port': jaegerPort })
  const servers: HttpServer[] = []
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()))
  }
  const open = async (at: ListenAddress, given: Omit<HttpServerOptions, 'listen'>) => {
    const server = await startHttpServer({ ...given, listen: at })
    servers.push(server)
    return server.url
  }
  const openMounted = async (port: number | undefined, app: App) => {
    const { exportTraces: _, ...given } = options
    return port === undefined ? undefined : open({ ...listen, port }, { ...given, app })
  }
  try {
    const url = await open(listen, options)
    const tempoUrl = await openMounted(tempoPort, mountedApp('/tempo', tempoFront, options.app))
    const jaegerUrl = await openMounted(jaegerPort, mountedApp('/jaeger', jaegerFront, options.app))
    return { url, ...(tempoUrl && { tempoUrl }), ...(jaegerUrl && { jaegerUrl }), close }
  } catch (error) {
    await close()
    throw error
  }
}

const tempoFront =
  "spanlake: Tempo's HTTP API. In Grafana, give the URL of this port to a Tempo data source."
const jaegerFront =
  "spanlake: Jaeger's query APIs, /api and /api/v3. In Grafana, give the URL of this port to a Jaeger data source."

/** Zero is a free one each time. */
function refuseSame(ports: Readonly<Record<string, number | undefined>>): void {
  const given = Object.entries(ports).filter(([, port]) => port !== undefined && port !== 0)
  for (const [name, port] of given) {
    const other = given.find(([otherName, otherPort]) => otherPort === port && otherName !== name)
    if (other !== undefined) {
      throw new SpanlakeError('invalid', `${other[0]} must differ from ${name}, got ${port}`)
    }
  }
}
