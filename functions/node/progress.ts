export interface Progress {
  /** Bytes read of the files. */
  readonly read: (bytes: number) => void
  /** One request sent, of so many bytes. */
  readonly sent: (bytes: number) => void
  end(report: { readonly refusedRequests: number; readonly refusedSpans: number }): void
}

const redrawMs = 250
const lineEveryMs = 5_000

/** Shows how far an import is on stderr: a line that redraws itself on a terminal, one every few seconds elsewhere. */
export function startProgress(totalBytes: number | undefined): Progress {
  const startMs = performance.now()
  const { isTTY } = process.stderr
  let readBytes = 0
  let sentBytes = 0
  let requests = 0
  const draw = (end = ''): void => {
    const seconds = Math.max(0.001, (performance.now() - startMs) / 1_000)
    const rate = `${megabytes(sentBytes / seconds)} MB/s`
    const done = `${requests} requests, ${megabytes(sentBytes)} MB, ${rate}`
    process.stderr.write(`${isTTY ? '\r\u001b[K' : ''}${done}${left(seconds)}${end}`)
  }
  const left = (seconds: number): string => {
    if (totalBytes === undefined || readBytes === 0) return ''
    const share = Math.min(1, readBytes / totalBytes)
    const secondsLeft = Math.ceil((seconds * (1 - share)) / share)
    return `, ${Math.floor(share * 100)} %, ${secondsLeft} s left`
  }
  const timer = setInterval(() => draw(isTTY ? '' : '\n'), isTTY ? redrawMs : lineEveryMs)
  return {
    read(bytes) {
      readBytes += bytes
    },
    sent(bytes) {
      requests++
      sentBytes += bytes
    },
    end({ refusedRequests, refusedSpans }) {
      clearInterval(timer)
      draw('\n')
      if (refusedRequests > 0) process.stderr.write(`${refusedRequests} requests were refused\n`)
      if (refusedSpans > 0) process.stderr.write(`${refusedSpans} spans were refused\n`)
    },
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
