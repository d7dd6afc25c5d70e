import { type ServeOptions, serve } from './serve.ts'

/** Serves until SIGINT or SIGTERM, then stops gracefully; a second signal ends the process at once. */
export async function serveCommand(options: ServeOptions): Promise<void> {
  const signalled = untilSignal()
  const served = await serve(options)
  const { url, tempoUrl = `${url}/tempo`, jaegerUrl = `${url}/jaeger` } = served
  process.stderr.write(
    `spanlake serves ${url}\n  send spans:   OTEL_EXPORTER_OTLP_ENDPOINT=${url}\n` +
      `  newest:       ${url}/api/v1/traces\n  in Grafana:   Tempo data source ${tempoUrl}\n` +
      `                Jaeger data source ${jaegerUrl}\n`,
  )
  await signalled
  await served.close()
}

/** From here on, until the first SIGINT or SIGTERM. To be called once, and before there is anything to stop. */
export function untilSignal(): Promise<'signalled'> {
  return new Promise((resolve) => {
    let signalled = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (signalled) process.exit(130)
        signalled = true
        resolve('signalled')
      })
    }
  })
}
