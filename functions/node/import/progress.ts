export interface Progress {
  /** Bytes read of the files. */
  readonly read: (bytes: number) => void
  /** A request taken, with so many spans and bytes of protobuf. */
  readonly sent: (spans: number, bytes: number) => void
  /** Something to be told at once. */
  readonly note: (text: string) => void
  readonly end: (report: { readonly refusedSpans: number }) => void
}

export interface ProgressOptions {
  /** Default: stderr. */
  readonly output?: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly nowMs?: () => number
}

const redrawMs = 200
const lineEveryMs = 5_000

/** Shows how far an import is: a line that redraws itself on a terminal, one every few seconds elsewhere. */
export function startProgress(
  totalBytes: number | undefined,
  options: ProgressOptions = {},
): Progress {
  const { output = process.stderr, nowMs = () => performance.now() } = options
  const startMs = nowMs()
  const done = { read: 0, spans: 0, bytes: 0 }
  const clear = output.isTTY ? '\r\u001b[K' : ''
  const show = (end: string): void => {
    const seconds = Math.max(0.001, (nowMs() - startMs) / 1_000)
    output.write(`${clear}${progressText({ ...done, totalBytes, seconds })}${end}`)
  }
  const end = output.isTTY ? '' : '\n'
  const timer = setInterval(() => show(end), output.isTTY ? redrawMs : lineEveryMs)
  timer.unref()
  return {
    read(bytes) {
      done.read += bytes
    },
    sent(spans, bytes) {
      done.spans += spans
      done.bytes += bytes
    },
    note: (text) => output.write(`${clear}${text}\n`),
    end({ refusedSpans }) {
      clearInterval(timer)
      show('\n')
      if (refusedSpans > 0) output.write(`${count(refusedSpans)} of these spans were refused\n`)
    },
  }
}

/** `67,011 spans, 11 MB, 41,000 spans/s, 62 %, 0:03 left`; the last two only where the total is known. */
export function progressText(done: {
  readonly spans: number
  readonly bytes: number
  readonly read: number
  readonly totalBytes: number | undefined
  readonly seconds: number
}): string {
  const { spans, bytes, read, totalBytes, seconds } = done
  const rate = `${count(Math.round(spans / seconds))} spans/s`
  const text = `${count(spans)} spans, ${count(Math.round(bytes / 1e6))} MB, ${rate}`
  if (totalBytes === undefined || read === 0) return text
  const share = Math.min(1, read / totalBytes)
  return `${text}, ${Math.floor(share * 100)} %, ${timeText((seconds * (1 - share)) / share)} left`
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
